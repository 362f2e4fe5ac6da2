//! Reads an application again while it is served, and puts it in force: whole and after a new proof, or not at all.
//!
//! A file that changes, SIGHUP and the admin socket all come here, one after the other. What is read is composed, proved
//! and built beside what is served, off the threads that answer requests, and then takes its place in one step. The
//! configuration is the one that the process was started with.

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::guard::Shown;
use super::watch::{INTERVAL, Watched};
use super::{Application, Guard};
use crate::config::Config;
use crate::problem::Problems;
use crate::server::{Fresh, Gateway, Reloaded, Tls, TlsFiles};
use crate::telemetry::Event;
use crate::tenant::{Kept, Rejected, Standing};

/// Somebody who asks for a reload and waits for what comes of it.
pub(super) type Asked = oneshot::Sender<Reloaded>;

/// What is read again, and where it is put.
pub(super) struct Reloading {
    pub(super) gateway: Arc<Gateway>,
    /// As it was at the start.
    pub(super) config: Config,
    pub(super) guard: Guard,
    /// What shows the certificate, where there is one.
    pub(super) tls: Option<(Tls, TlsFiles)>,
}

/// What has changed, or is to be read whether or not it has.
#[derive(Debug, Clone, Copy)]
struct Due {
    cause: &'static str,
    application: bool,
    certificate: bool,
}

impl Reloading {
    /// Reads again whenever a file changes, a signal comes or somebody asks. Never ends by itself.
    pub(super) async fn run(
        self,
        mut watched: Watched,
        mut asked: mpsc::Receiver<Asked>,
        mut hangup: Hangup,
    ) -> Infallible {
        let mut certificate = self.tls.as_ref().map(|(_, files)| Watched::certificate(files));
        let this = Arc::new(self);
        let mut looks = tokio::time::interval(INTERVAL);
        loop {
            let whole = |cause| Due { cause, application: true, certificate: true };
            let (due, asked) = tokio::select! {
                _ = looks.tick() => {
                    let application = watched.has_changed();
                    let certificate = certificate.as_mut().is_some_and(Watched::has_changed);
                    if !application && !certificate {
                        continue;
                    }
                    (Due { cause: "change", application, certificate }, None)
                }
                () = hangup.comes() => (whole("signal"), None),
                Some(asked) = asked.recv() => (whole("admin"), Some(asked)),
            };
            if due.cause != "change" {
                watched.look_again();
                certificate.iter_mut().for_each(Watched::look_again);
            }
            let reading = Arc::clone(&this);
            // A panic has been told by the hook; what was served goes on.
            let Ok(reloaded) = tokio::task::spawn_blocking(move || reading.reload(due)).await else {
                continue;
            };
            this.gateway.forget_withdrawn().await;
            if let Some(asked) = asked {
                // Whoever has gone away does not want to know.
                let _gone = asked.send(reloaded);
            }
        }
    }

    /// Reads what is due, and says what came of it.
    fn reload(&self, Due { cause, application, certificate }: Due) -> Reloaded {
        let application = application.then(|| self.reload_application(cause));
        let certificate = self.tls.as_ref().filter(|_| certificate);
        let certificate = certificate.map(|(tls, files)| self.reload_certificate(cause, tls, files));
        Reloaded { application, certificate }
    }

    fn reload_application(&self, cause: &'static str) -> Result<usize, Kept> {
        let Gateway { served, metrics, .. } = &*self.gateway;
        let (read, shown) = match self.read() {
            Ok((fresh, shown)) => (Ok(fresh), Some(shown)),
            Err(rejected) => (Err(rejected), None),
        };
        let replaced = served.replace(read);
        metrics.reloaded(replaced.is_ok());
        match replaced {
            Ok(()) => {
                if let Some(shown) = shown {
                    shown.count(metrics);
                }
                let tenants = served.now().tenants.registry().len();
                Event::Reloaded { cause, tenants }.emit();
                Ok(tenants)
            }
            Err(kept) => {
                let (suspended, removed) = (kept.suspended.len(), kept.removed.len());
                Event::ReloadRejected { cause, reason: &kept.problems, suspended, removed }.emit();
                for (tenants, how) in [(&kept.suspended, "suspended"), (&kept.removed, "removed")] {
                    for tenant in tenants {
                        Event::TenantWithdrawn { tenant, how }.emit();
                    }
                }
                Err(kept)
            }
        }
    }

    /// Reads and proves; and how far it is proved.
    fn read(&self) -> Result<(Fresh, Shown), Rejected> {
        let application = Application::read(self.config.clone())?;
        let standing = Standing::of(&application.registry);
        let rejected = |problems| Rejected { problems, standing: Some(standing) };
        let shown = match self.guard.check(&application) {
            Ok(shown) => shown,
            Err(problem) => return Err(rejected(problem.into())),
        };
        let Gateway { clock, entropy, .. } = &*self.gateway;
        match application.fresh(clock.clone(), entropy.clone()) {
            Ok(fresh) => Ok((fresh, shown)),
            Err(problems) => Err(rejected(problems)),
        }
    }

    fn reload_certificate(&self, cause: &'static str, tls: &Tls, files: &TlsFiles) -> Result<(), Problems> {
        let reloaded = tls.reload(files).map_err(Problems::from);
        self.gateway.metrics.reloaded(reloaded.is_ok());
        match &reloaded {
            Ok(()) => Event::CertificateReplaced { cause }.emit(),
            Err(problems) => Event::CertificateRejected { cause, reason: problems }.emit(),
        }
        reloaded
    }
}

/// SIGHUP, where it means to read the files again.
pub(super) struct Hangup(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl Hangup {
    /// From now on SIGHUP is heard, and ends nobody.
    #[cfg(unix)]
    pub(super) fn heard() -> std::io::Result<Self> {
        let kind = tokio::signal::unix::SignalKind::hangup();
        Ok(Self(Some(tokio::signal::unix::signal(kind)?)))
    }

    #[cfg(not(unix))]
    pub(super) fn heard() -> std::io::Result<Self> {
        Ok(Self())
    }

    /// SIGHUP ends the process, as it does by itself: its terminal is gone.
    #[cfg(feature = "dev")]
    pub(super) fn ends() -> Self {
        Self(
            #[cfg(unix)]
            None,
        )
    }

    async fn comes(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::aws::{Aws, Identity};
    use crate::clock::Clock;
    use crate::entropy::Entropy;
    use crate::problem::Source;
    use crate::settings::Variables;
    use crate::tenant::State;

    /// The example in a folder of its own, with a gateway that calls nobody.
    struct Example {
        folder: tempfile::TempDir,
        reloading: Reloading,
    }

    impl Example {
        fn new() -> Self {
            let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")), tempfile::TempDir::new().unwrap());
            fs::create_dir_all(folder.path().join("policies/roles")).unwrap();
            for part in [".", "policies", "policies/roles"] {
                for entry in fs::read_dir(root.join(part)).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_file() {
                        fs::copy(&path, folder.path().join(part).join(path.file_name().unwrap())).unwrap();
                    }
                }
            }
            let source = Source::read(&folder.path().join("innkeeper.toml")).unwrap();
            let config = Config::parse(&source, folder.path(), &Variables::default()).unwrap();
            let application = Application::load(config.clone()).unwrap();
            let none = String::new;
            let identity =
                Identity { access_key_id: none(), secret_access_key: none(), session_token: none() };
            let region = "eu-central-1".parse().unwrap();
            let aws = Aws::with_identity(config.aws.clone(), identity, region, Clock::system());
            let gateway = application.gateway(aws, Clock::system(), Entropy::system()).unwrap();
            let guard = Guard { allow_unproved: false };
            let reloading = Reloading { gateway: Arc::new(gateway), config, guard, tls: None };
            Self { folder, reloading }
        }

        fn edit(&self, name: &str, from: &str, to: &str) {
            let path = self.folder.path().join(name);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{name} has no {from}");
            fs::write(path, text.replace(from, to)).unwrap();
        }

        fn reload(&self) -> Result<usize, Kept> {
            let due = Due { cause: "change", application: true, certificate: true };
            self.reloading.reload(due).application.unwrap()
        }

        fn state(&self, tenant: &str) -> State {
            let served = self.reloading.gateway.served.now();
            served.tenants.registry().find(&tenant.parse().unwrap()).unwrap().state
        }
    }

    /// What is read and is not proved is rejected, but for the suspension in it.
    #[test]
    fn a_suspension_in_a_registry_that_is_not_proved_takes_effect() {
        let example = Example::new();
        let six = example.reload().unwrap();
        assert_eq!(six, 6);
        example.edit("tenants.toml", "[tenants.acme]\n", "[tenants.acme]\nstate = \"suspended\"\n");
        let (declared, undeclared) = ("role/innkeeper/innkeeper-tags", "role/innkeeper/innkeeper-undeclared");
        example.edit("tenants.toml", declared, undeclared);
        let kept = example.reload().unwrap_err();
        assert!(kept.problems.to_string().contains("it is not proved"), "{}", kept.problems);
        assert_eq!(kept.suspended, ["acme".parse().unwrap()]);
        assert_eq!((example.state("acme"), example.state("acme2")), (State::Suspended, State::Active));
    }

    /// The registry alone is fine, and is not taken either: it was never proved with this schema.
    #[test]
    fn a_suspension_takes_effect_beside_a_broken_schema_and_nobody_comes_in() {
        let example = Example::new();
        example.edit("tenants.toml", "[tenants.acme]\n", "[tenants.acme]\nstate = \"suspended\"\n");
        example.reload().unwrap();
        example.edit("tenants.toml", "[tenants.acme]\nstate = \"suspended\"\n", "[tenants.acme]\n");
        example.edit("tenants.toml", "[tenants.acme2]\n", "[tenants.acme2]\nstate = \"suspended\"\n");
        example.edit("schema.graphql", "type Query {", "type Query");
        let kept = example.reload().unwrap_err();
        assert_eq!(kept.suspended, ["acme2".parse().unwrap()]);
        assert_eq!((example.state("acme"), example.state("acme2")), (State::Suspended, State::Suspended));
        example.edit("schema.graphql", "type Query", "type Query {");
        example.reload().unwrap();
        assert_eq!((example.state("acme"), example.state("acme2")), (State::Active, State::Suspended));
    }

    #[test]
    fn what_is_counted_says_whether_it_is_in_force() {
        let example = Example::new();
        example.reload().unwrap();
        fs::remove_file(example.folder.path().join("schema.graphql")).unwrap();
        let kept = example.reload().unwrap_err();
        assert!(kept.problems.to_string().contains("schema.graphql"), "{}", kept.problems);
        let text = example.reloading.gateway.metrics.text();
        for line in ["reloads_total{outcome=\"in-force\"} 1", "reloads_total{outcome=\"rejected\"} 1"] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
