//! Which program an app may use, and which one receives its events.

use std::sync::Arc;

use ringback_deliver::{Endpoint, EndpointDialect, Room};
use ringback_store::Statement;
use serde_json::json;

use super::corps::exists;
use crate::app::App;
use crate::association::Association;
use crate::error::ZoneError;
use crate::program::{Program, ProgramKind, ProgramState};
use crate::records;
use crate::zone::Zone;

impl Zone {
    /// Lets an app use a program; one that is not online only where the app may test (app sheet, 7.3).
    pub async fn associate(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
        program_id: &str,
    ) -> Result<Arc<Association>, ZoneError> {
        let turn = self.turn().await;
        let app = self.app(corpid, agentid)?;
        let program = self.snapshot().program(program_id)?;
        let corp = self.corp(corpid)?;
        if program.state != ProgramState::Deployed && !app.may_test(&corp) {
            return Err(ZoneError::NotOnline {
                program_id: program_id.to_owned(),
                app: app.label(),
            });
        }
        let store = self.store();
        let association = Association {
            app: app.id,
            program_id: program_id.to_owned(),
            source: store.next_id(),
            endpoint: store.next_id(),
            debug_opened: false,
            session: None,
            may_debug: false,
        };
        let mut statements = vec![records::associations::insert(&association)];
        statements.extend(self.program_endpoint(&app, &program, &association));
        let target = Association::endpoint_name(&app, program_id);
        let made = self.change(
            &turn,
            caller,
            "zone_app.associate",
            target.clone(),
            json!({}),
            statements,
        );
        made.await
            .map_err(|error| exists(error, "an association", &target))?;
        self.association(&app, program_id)
    }

    pub(crate) fn association(
        &self,
        app: &App,
        program_id: &str,
    ) -> Result<Arc<Association>, ZoneError> {
        let found = self.snapshot().association(app.id, program_id).cloned();
        found.ok_or_else(|| ZoneError::NotFound {
            kind: "association",
            name: Association::endpoint_name(app, program_id),
        })
    }

    /// The endpoint of a program as an app uses it. Platform events go to that of the receiving program.
    pub(crate) fn program_endpoint(
        &self,
        app: &App,
        program: &Program,
        association: &Association,
    ) -> Vec<Statement> {
        let mut endpoint = Endpoint::of_room(
            association.endpoint,
            Association::endpoint_name(app, &association.program_id),
            Room::Zone,
            EndpointDialect::Zone,
            program.settings.event_policy(),
            self.now(),
        );
        endpoint.sources = vec![association.source];
        if app.receiving_program.as_deref() == Some(&association.program_id) {
            endpoint.sources.push(app.event_source);
        }
        self.engine().endpoints().statements_for(&endpoint)
    }

    /// Takes a program away from an app.
    pub async fn dissociate(
        &self,
        caller: &str,
        corpid: &str,
        agentid: i64,
        program_id: &str,
    ) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        let app = self.app(corpid, agentid)?;
        let association = self.association(&app, program_id)?;
        let mut statements = vec![records::associations::delete(app.id, program_id)];
        statements.extend(
            self.engine()
                .endpoints()
                .statements_to_delete(association.endpoint),
        );
        if app.receiving_program.as_deref() == Some(program_id) {
            statements.push(records::apps::set_receiving(app.id, None));
        }
        let target = Association::endpoint_name(&app, program_id);
        self.change(
            &turn,
            caller,
            "zone_app.dissociate",
            target,
            json!({}),
            statements,
        )
        .await?;
        drop(turn);
        self.engine().abandon(association.endpoint).await?;
        Ok(())
    }

    /// Says which program receives platform events; the latest counts (app sheet, 2.4).
    pub async fn set_receiving(
        &self,
        caller: &str,
        app: &App,
        program_id: Option<&str>,
    ) -> Result<(), ZoneError> {
        let turn = self.turn().await;
        let mut app = App::clone(&*self.app(&app.corpid, app.agentid)?);
        if app.receiving_program.as_deref() == program_id {
            return Ok(());
        }
        let before = app.receiving_program.take();
        app.receiving_program = program_id.map(str::to_owned);
        let mut statements = vec![records::apps::set_receiving(app.id, program_id)];
        for changed in before.as_deref().into_iter().chain(program_id) {
            let program = self.snapshot().program(changed)?;
            if program.kind == ProgramKind::Model {
                return Err(ZoneError::IsModel(changed.to_owned()));
            }
            let association = self.association(&app, changed)?;
            statements.extend(self.program_endpoint(&app, &program, &association));
        }
        let detail = json!({ "program_id": program_id });
        self.change(
            &turn,
            caller,
            "zone_app.receive",
            app.label(),
            detail,
            statements,
        )
        .await
    }
}
