//! `innkeeper schema`: the public schema for code generators, and the directives for editors.
//!
//! Neither needs more of the application than its schema: no policy is read, no tenant. With `--directives` a schema that
//! has mistakes, or is not there yet, is no failure: editors are needed most then.

use std::sync::Arc;

use super::{Common, Failure, say, say_error};
use crate::config::{self, Config};
use crate::problem::Source;
use crate::schema::{compile, directives, sdl};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    common: Common,
    /// Print the definitions of the directives instead, for editors.
    ///
    /// With them stand the scalars of the gateway, and the types that the schema uses and the compiler makes, such as
    /// connections. Together with schema.graphql they are a schema that any GraphQL tool understands.
    #[arg(long)]
    directives: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let config = Config::load(&arguments.common.config, &config::variables());
    if !arguments.directives {
        let config = config?;
        let plan = compile(&Source::read(&config.schema)?, &config.claims)?;
        say(sdl::print(&plan).trim_end());
        return Ok(());
    }
    let (source, claims) = match config {
        Ok(config) => (Source::read(&config.schema).ok(), config.claims),
        Err(_unusable) => (None, Arc::default()),
    };
    if source.as_ref().is_none_or(|source: &Arc<Source>| compile(source, &claims).is_err()) {
        say_error("note: the schema cannot be compiled, so the types that are made for it are left out");
    }
    say(directives(source.as_ref(), &claims).trim_end());
    Ok(())
}
