//! The seeded zone: a test corp with conversations, an app, and the sample program running for it.

use std::sync::Arc;
use std::time::Duration;

use ringback_archive::{Archive, Generate};
use ringback_types::Secret;
use ringback_zone::{
    AppKind, Association, Corp, Host, Install, NewApp, NewCorp, ProgramInput, ProgramState,
    WellKnownCallback, Zone,
};

use crate::failure::Failure;
use crate::ready_file::WecomCredentials;

/// The seeded corp; it and everything else here is well known, so that samples and tests can name it.
const CORPID: &str = "wwa1b2c3d4e5f60718";
/// The app of a provider, installed to be tried.
const AGENTID: i64 = 1_000_002;
const CORPSECRET: &str = "RingbackDevCorpSecret0000000000000000000000";
/// The sample program.
const PROGRAM_ID: &str = "progRingbackSample000000";
/// Whose keys those of the messages are encrypted to.
const PUBLIC_KEY: &str = include_str!("public_key.pem");
const PRIVATE_KEY: &str = include_str!("private_key.pem");
const PUBLIC_KEY_VER: i64 = 1;
/// What a data-callback URL is saved with unless whoever saves it says otherwise.
pub(super) const CALLBACK: WellKnownCallback = WellKnownCallback {
    token: "ringbackdevtoken",
    encoding_aes_key: "RingbackDevEncodingAESKey000000000000000000",
};

/// Who makes it all, in the audit.
const CALLER: &str = "seed";
/// The same conversations every time.
const CONVERSATIONS: u64 = 1;
/// Enough for a look at lists, pages and tasks; quick to encrypt.
const MESSAGES: usize = 60;

/// A program is up in a fraction of a second.
const PROGRAM_UP: Duration = Duration::from_secs(5);

/// Makes what is not there yet. Once the app may use the program, what is otherwise was made so by
/// somebody, and stays; only the program is found where this binary is now.
pub(super) async fn seed(zone: &Zone) -> Result<(), Failure> {
    if zone.corp(CORPID).is_err() {
        make_corp(zone).await?;
    }
    if is_complete(zone) {
        return follow_binary(zone).await;
    }
    // The first encryption of a process gathers entropy for tens of milliseconds.
    tokio::try_join!(converse(zone), make_app_and_program(zone))?;
    let app = zone.app(CORPID, AGENTID)?;
    zone.associate(CALLER, CORPID, AGENTID, PROGRAM_ID).await?;
    zone.set_receiving(CALLER, &app, Some(PROGRAM_ID)).await?;
    Ok(())
}

fn is_complete(zone: &Zone) -> bool {
    let may_use = |program: &Arc<Association>| program.program_id == PROGRAM_ID;
    let app = zone.app(CORPID, AGENTID);
    app.is_ok_and(|app| zone.programs_of(&app).iter().any(may_use))
}

async fn make_corp(zone: &Zone) -> Result<(), Failure> {
    let corp = NewCorp {
        corpid: Some(CORPID.to_owned()),
        name: Some("Ringback dev".to_owned()),
        test: true,
    };
    zone.create_corp(CALLER, corp).await?;
    Ok(())
}

/// Fills the archive. The conversations ended when the corp was made, so an import that was interrupted
/// is completed by the same one.
async fn converse(zone: &Zone) -> Result<(), Failure> {
    let archive = zone.archive();
    if archive.public_key_version(CORPID).is_none() {
        let set = archive.set_public_key(CALLER, CORPID, PUBLIC_KEY, PUBLIC_KEY_VER);
        set.await?;
    }
    let corp = zone.corp(CORPID)?;
    let lines: Vec<String> = Archive::generate(CONVERSATIONS, &wish(&corp)).collect();
    archive.import(CORPID, lines.join("\n").as_bytes()).await?;
    // They are nothing new: a fresh platform is quiet.
    let Some(due) = archive.next_notice() else {
        return Ok(());
    };
    for notice in archive.due_notices(due).await? {
        archive.settle_notice(&notice).await?;
    }
    Ok(())
}

fn wish(corp: &Corp) -> Generate {
    Generate {
        messages: MESSAGES,
        members: 4,
        customers: 8,
        groups: 2,
        days: 2,
        now: corp.created_at,
    }
}

async fn make_app_and_program(zone: &Zone) -> Result<(), Failure> {
    if zone.app(CORPID, AGENTID).is_err() {
        make_app(zone).await?;
    }
    make_program(zone).await
}

async fn make_app(zone: &Zone) -> Result<(), Failure> {
    let app = NewApp {
        corpid: CORPID.to_owned(),
        agentid: Some(AGENTID),
        name: Some("Ringback dev".to_owned()),
        kind: AppKind::ThirdParty,
        install: Install::Test,
        zone_permission: true,
        secret: Some(CORPSECRET.into()),
    };
    zone.create_app(CALLER, app).await?;
    Ok(())
}

/// The sample program, deployed as a process of this very binary.
async fn make_program(zone: &Zone) -> Result<(), Failure> {
    if zone.program(PROGRAM_ID).is_err() {
        let input = ProgramInput {
            program_id: Some(PROGRAM_ID.to_owned()),
            host: Some(sample_host()?),
            ..description()?
        };
        zone.put_program(CALLER, input).await?;
    }
    if zone.program(PROGRAM_ID)?.state == ProgramState::Draft {
        zone.submit_program(CALLER, PROGRAM_ID).await?;
    }
    zone.deploy(CALLER, PROGRAM_ID, None).await?;
    Ok(())
}

/// The binary may have moved since the program was deployed.
async fn follow_binary(zone: &Zone) -> Result<(), Failure> {
    let (program, host) = (zone.program(PROGRAM_ID)?, sample_host()?);
    let is_sample = |known: &Host| matches!(known, Host::Process { arguments, .. } if arguments == &[crate::SAMPLE_PROGRAM]);
    let known = program.host.as_ref().filter(|known| is_sample(known));
    let has_moved = known.is_some_and(|known| *known != host);
    if has_moved && program.state == ProgramState::Deployed {
        zone.deploy(CALLER, PROGRAM_ID, Some(host)).await?;
    }
    Ok(())
}

/// What the sample program says of itself.
fn description() -> Result<ProgramInput, Failure> {
    toml::from_str(zone_program::DESCRIPTION).map_err(Failure::internal)
}

/// Where the sample program runs: nothing but this binary is needed.
fn sample_host() -> Result<Host, Failure> {
    let command = std::env::current_exe().map_err(Failure::internal)?;
    let command = command.into_os_string().into_string();
    Ok(Host::Process {
        command: command.map_err(|_| Failure::internal("the binary's path is not UTF-8"))?,
        arguments: vec![crate::SAMPLE_PROGRAM.to_owned()],
        environment: [].into(),
        instances: 1,
        memory_limit_bytes: None,
    })
}

/// Waits until the sample program takes calls; it starts in the background. Where it does not come up in
/// time, its status says why.
pub(super) async fn program_up(zone: &Zone) {
    let hosts = zone.hosts();
    let mut changes = hosts.changes();
    let runs_here = || {
        let program = zone.program(PROGRAM_ID).ok();
        program.is_some_and(|program| {
            program.state == ProgramState::Deployed
                && matches!(program.host, Some(Host::Process { .. }))
        })
    };
    let up = async {
        while runs_here() && hosts.wait_ready(PROGRAM_ID).await.is_err() {
            // It has not been started yet.
            let _ = changes.changed().await;
        }
    };
    let _ = tokio::time::timeout(PROGRAM_UP, up).await;
}

/// What an app's server and a debug program need, as it is now.
pub(super) async fn credentials(zone: &Zone) -> Result<WecomCredentials, Failure> {
    let app = zone.app(CORPID, AGENTID)?;
    let debug = zone.debug_credential(CALLER, PROGRAM_ID, true).await?;
    let text = |secret: &Secret| String::from_utf8_lossy(secret.expose()).into_owned();
    let callback = app.callback.as_ref();
    let or_known = |saved: Option<&Secret>, known: &str| saved.map_or_else(|| known.into(), text);
    Ok(WecomCredentials {
        corpid: app.corpid.clone(),
        corpsecret: text(&app.secret),
        agentid: app.agentid,
        program_id: PROGRAM_ID.to_owned(),
        token: or_known(callback.map(|it| &it.token), CALLBACK.token),
        encoding_aes_key: or_known(
            callback.map(|it| &it.encoding_aes_key),
            CALLBACK.encoding_aes_key,
        ),
        data_callback_url: callback.map(|it| it.url.to_string()).unwrap_or_default(),
        debug_token: text(&debug.token),
        private_key_pem: PRIVATE_KEY.to_owned(),
        public_key_ver: PUBLIC_KEY_VER,
    })
}
