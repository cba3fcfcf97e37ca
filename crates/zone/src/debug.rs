//! Debug mode, per corp, app and program (design, section 6; app sheet, section 6).
//!
//! It is on when the app's server and the debug program have both opened it, in either order, and until
//! the app closes it, the program's access token ends, or the debug credential does.

use std::sync::Arc;

use ringback_dialect::zone::OpenedFrame;
use ringback_store::Statement;
use ringback_types::Secret;
use serde_json::json;
use url::Url;

use crate::app::App;
use crate::association::{Association, Session};
use crate::call::not_associated;
use crate::callback_url::UrlRefusal;
use crate::errcode::{self, Refusal};
use crate::error::ZoneError;
use crate::program::{DebugCredential, Program};
use crate::records;
use crate::registry::Snapshot;
use crate::token;
use crate::zone::Zone;

impl Zone {
    /// `open_debug_mode`.
    pub(crate) async fn open_debug_mode(
        &self,
        app: &Arc<App>,
        program_id: &str,
        debug_token: &str,
    ) -> Result<(), Refusal> {
        let turn = self.turn().await;
        {
            let snapshot = self.snapshot();
            let (_, program) = may_debug(&snapshot, app, program_id)?;
            let credential = self.live_credential(&program)?;
            if !credential.token.matches(debug_token.as_bytes()) {
                return Err(errcode::DEBUG_TOKEN.because("the debug_token is another one"));
            }
        }
        let statements = vec![records::associations::set_opened(app.id, program_id, true)];
        let target = Association::endpoint_name(app, program_id);
        self.change(
            &turn,
            &app.label(),
            "zone_debug.open",
            target,
            json!({}),
            statements,
        )
        .await?;
        Ok(())
    }

    /// `close_debug_mode`: the session stays, so that the app may open again.
    pub(crate) async fn close_debug_mode(
        &self,
        app: &App,
        program_id: &str,
    ) -> Result<(), Refusal> {
        let turn = self.turn().await;
        let opened = {
            let snapshot = self.snapshot();
            let found = snapshot.association(app.id, program_id);
            found
                .ok_or_else(|| not_associated(app, program_id))?
                .debug_opened
        };
        if !opened {
            return Err(errcode::NOT_IN_DEBUG.into());
        }
        let statements = vec![records::associations::set_opened(app.id, program_id, false)];
        let target = Association::endpoint_name(app, program_id);
        self.change(
            &turn,
            &app.label(),
            "zone_debug.close",
            target,
            json!({}),
            statements,
        )
        .await?;
        Ok(())
    }

    /// Whether debug mode is on.
    pub(crate) fn is_debugging(&self, app: &App, program_id: &str) -> Result<bool, Refusal> {
        let snapshot = self.snapshot();
        let association = snapshot.association(app.id, program_id);
        let association = association.ok_or_else(|| not_associated(app, program_id))?;
        let program = snapshot.find_program(program_id);
        Ok(program.is_some_and(|program| association.debugging(program, self.now()).is_some()))
    }

    fn live_credential(&self, program: &Program) -> Result<DebugCredential, Refusal> {
        let credential = program.debug.credential.clone();
        let live = credential.filter(|credential| credential.expires_at > self.now());
        live.ok_or_else(|| errcode::DEBUG_TOKEN.because("the program has no live debug credential"))
    }

    /// The debug program's half: `credential` has proven itself by its signature, `access_token` names
    /// the app. The same two again give the same session.
    pub(crate) async fn open_session(
        &self,
        credential_id: &str,
        access_token: &str,
        nonce: Statement,
    ) -> Result<OpenedFrame, Refusal> {
        let app = self.app_of_token(access_token)?;
        let expires_at = self.tokens().owner(access_token, self.now())?.expires_at;
        let turn = self.turn().await;
        let (association, program) = {
            let snapshot = self.snapshot();
            let program_id = program_of_credential(&snapshot, credential_id)
                .map(|program| program.program_id.clone())
                .ok_or(errcode::DEBUG_TOKEN)?;
            may_debug(&snapshot, &app, &program_id)?
        };
        self.live_credential(&program)?;
        let token_hash = token::hash(access_token).to_vec();
        let same = |session: &&Session| {
            session.token_hash == token_hash
                && session.credential == credential_id
                && session.expires_at > self.now()
        };
        if let Some(session) = association.session.as_ref().filter(same) {
            return Ok(opened(&program, session));
        }
        let session = Session {
            id: self.random().alphanumeric::<16>(),
            secret: Secret::from(self.random().secret::<32>().to_vec()),
            credential: credential_id.to_owned(),
            token_hash,
            expires_at,
        };
        let (store, program_id) = (self.store(), &program.program_id);
        let set = records::associations::set_session(store, app.id, program_id, &session);
        let statements = vec![set, nonce];
        let target = Association::endpoint_name(&app, &program.program_id);
        self.change(
            &turn,
            &program.program_id,
            "zone_debug.session",
            target,
            json!({}),
            statements,
        )
        .await?;
        Ok(opened(&program, &session))
    }

    /// Sets or clears the event receive server of a program.
    pub async fn set_debug_url(
        &self,
        caller: &str,
        program_id: &str,
        url: Option<&str>,
    ) -> Result<Arc<Program>, ZoneError> {
        let url = url.map(ringback_deliver::guard::check_url).transpose();
        let url: Option<Url> = url.map_err(UrlRefusal::from)?;
        let turn = self.turn().await;
        self.snapshot().program(program_id)?;
        let shown = url.as_ref().and_then(|url| url.as_str().split('?').next());
        let detail = json!({ "url": shown });
        let statements = vec![records::programs::set_debug_url(program_id, url.as_ref())];
        self.change(
            &turn,
            caller,
            "zone_debug.url",
            program_id.to_owned(),
            detail,
            statements,
        )
        .await?;
        self.snapshot().program(program_id)
    }

    /// The debug credential of a program: made for three days; asked for again it is the same, and does
    /// not live longer (app sheet, section 6). The audit keeps that it was shown, and to whom.
    pub async fn debug_credential(
        &self,
        caller: &str,
        program_id: &str,
        confirmed: bool,
    ) -> Result<DebugCredential, ZoneError> {
        if !confirmed {
            return Err(ZoneError::Unconfirmed("a debug credential"));
        }
        let turn = self.turn().await;
        let program = self.snapshot().program(program_id)?;
        let known = self.live_credential(&program).ok();
        let is_new = known.is_none();
        let credential = known.unwrap_or_else(|| self.new_credential());
        let statements = if is_new {
            self.replace_credential(program_id, Some(&credential))
        } else {
            Vec::new()
        };
        let detail =
            json!({ "id": credential.id, "expires_at": credential.expires_at.to_rfc3339() });
        self.change(
            &turn,
            caller,
            "zone_debug.credential",
            program_id.to_owned(),
            detail,
            statements,
        )
        .await?;
        Ok(credential)
    }

    /// The credential goes, and with it both halves of debug mode of every app.
    fn replace_credential(
        &self,
        program_id: &str,
        credential: Option<&DebugCredential>,
    ) -> Vec<Statement> {
        vec![
            records::programs::set_credential(self.store(), program_id, credential),
            records::associations::close_all(program_id),
        ]
    }

    fn new_credential(&self) -> DebugCredential {
        let id = self.random().alphanumeric::<16>();
        let token = format!("dbg_{id}_{}", self.random().alphanumeric::<32>());
        DebugCredential {
            token: Secret::from(token),
            expires_at: self.now().plus(self.options().debug_life),
            id,
        }
    }

    /// Takes the credential of a program away, and with it every debug session of it.
    pub async fn revoke_debug_credential(
        &self,
        caller: &str,
        program_id: &str,
    ) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        self.snapshot().program(program_id)?;
        let statements = self.replace_credential(program_id, None);
        self.change(
            &turn,
            caller,
            "zone_debug.revoke",
            program_id.to_owned(),
            json!({}),
            statements,
        )
        .await
    }
}

/// The association and program of an app that may use debug mode.
fn may_debug(
    snapshot: &Snapshot,
    app: &App,
    program_id: &str,
) -> Result<(Arc<Association>, Arc<Program>), Refusal> {
    let association = snapshot.association(app.id, program_id).cloned();
    let association = association.ok_or_else(|| not_associated(app, program_id))?;
    let program = snapshot.find_program(program_id).cloned();
    let program = program.ok_or_else(|| not_associated(app, program_id))?;
    if !association.may_debug {
        let cause = format!(
            "`{}` is neither a test install nor in a test corp",
            app.label()
        );
        return Err(errcode::DEBUG_NOT_ALLOWED.because(cause));
    }
    Ok((association, program))
}

/// The program whose debug credential has this id.
pub(crate) fn program_of_credential<'s>(
    snapshot: &'s Snapshot,
    credential_id: &str,
) -> Option<&'s Arc<Program>> {
    let of = |program: &&Arc<Program>| {
        let credential = program.debug.credential.as_ref();
        credential.is_some_and(|credential| credential.id == credential_id)
    };
    snapshot.programs().find(of)
}

fn opened(program: &Program, session: &Session) -> OpenedFrame {
    OpenedFrame {
        key_id: session.key_id(&program.program_id),
        secret: session.secret.clone(),
        version: 1,
        expires_at: session.expires_at.as_seconds(),
    }
}
