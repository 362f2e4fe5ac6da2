// What both peers are told: where to listen, where DynamoDB is, and the tenant whose items they read.
import net from "node:net";

export const port = Number(process.argv[2]);
export const endpoint = process.argv[3];
export const tenant = "t00000";
export const table = "main";
export const credentials = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  sessionToken: "IQoJb3JpZ2luX2VjEXAMPLETOKEN////".repeat(24),
};

// Loopback, whatever a library listens on by itself.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...options) {
  return typeof options[0] === "number" ? listen.call(this, options[0], "127.0.0.1") : listen.apply(this, options);
};
