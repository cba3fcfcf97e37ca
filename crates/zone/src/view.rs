//! The zone as the management API shows it.

mod app;
mod archive;
mod program;

pub(crate) use app::{AppView, CorpView, CredentialsView};
pub(crate) use archive::ImportedView;
pub(crate) use program::{DebugCredentialView, LogLineView, ProgramView};

use ringback_deliver::Target;
use ringback_types::{Caller, Role};
use url::Url;

/// A URL, its query values, which may be credentials, only for the role `operator`.
fn shown_url(url: &Url, caller: &Caller) -> String {
    if caller.role >= Role::Operator {
        return url.to_string();
    }
    Target::from(url.clone()).for_record()
}
