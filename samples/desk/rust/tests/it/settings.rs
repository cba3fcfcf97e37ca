//! What the environment says.

use crate::process::Program;
use crate::request::{Request, SDK_APP_ID};

#[test]
fn without_a_token_sign_is_not_looked_at() {
    for program in Program::BOTH {
        let server = program.start_with(&[("DESK_SDKAPPID", SDK_APP_ID), ("DESK_TOKEN", "")]);
        let unsigned = Request::example().without("Sign").without("RequestTime");
        for request in [unsigned.clone(), unsigned.with("Sign", "wrong")] {
            let answer = server.send(&request.last());
            assert!(answer.body.contains("shipped"), "{program:?}: {answer:?}");
        }
        let other_app = server.send(&Request::example().with("SdkAppid", "1").last());
        assert_eq!(other_app.status, 403, "{program:?}");
    }
}

#[test]
fn what_cannot_serve_says_why_and_ends() {
    let cases = [
        (
            ("DESK_SDKAPPID", ""),
            "error: `DESK_SDKAPPID` is not set: give the app id of your Chat app\n",
        ),
        (
            ("DESK_LISTEN", "nowhere"),
            "error: cannot listen on `nowhere`: ",
        ),
    ];
    for program in Program::BOTH {
        for ((name, value), message) in cases {
            let mut command = program.command();
            command.env("DESK_SDKAPPID", SDK_APP_ID).env(name, value);
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.starts_with(message), "{program:?}: {said}");
            assert_eq!(output.status.code(), Some(1), "{program:?}");
        }
    }
}
