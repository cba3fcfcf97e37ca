//! Public keys: what is taken, and what a version means.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use ringback_archive::Options;
use ringback_types::Coded as _;
use serde_json::json;

use crate::stage::{self, CORP, Stage, message, owner};

#[tokio::test]
async fn only_an_rsa_2048_key_with_a_greater_version_is_taken() {
    let stage = Stage::empty(Options::default()).await;
    let rsa = PrivateDecryptingKey::generate(KeySize::Rsa3072).unwrap();
    let curve = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let curve: PublicKeyX509Der<'_> = curve.public_key().as_der().unwrap();
    let good = &stage.keys.public_pem;
    let cases = [
        ("", 1, "archive.key_not_pem"),
        (&good.replace("PUBLIC", "PRIVATE"), 1, "archive.key_not_pem"),
        (&stage::pem_of(curve.as_ref()), 1, "archive.key_not_rsa"),
        (&stage::pem(&rsa.public_key()), 1, "archive.key_size"),
        (good, 0, "archive.key_version"),
        (good, -1, "archive.key_version"),
    ];
    for (pem, version, code) in cases {
        let set = stage.archive.set_public_key("tester", CORP, pem, version);
        let error = set.await.unwrap_err();
        assert_eq!(error.code().as_str(), code, "{pem}");
        assert!(error.hint().is_some());
    }
    assert_eq!(stage.archive.public_key_version(CORP), None);

    stage.set_key(3).await;
    for version in [2, 3] {
        let set = stage.archive.set_public_key("tester", CORP, good, version);
        let error = set.await.unwrap_err();
        let said = format!("version {version} of the public key is not greater than 3");
        assert_eq!(error.to_string(), said);
    }
    stage.set_key(7).await;

    let stage = stage.restart().await;
    assert_eq!(stage.archive.public_key_version(CORP), Some(7));
    let audit = stage.store.audit(None, 10).await.unwrap();
    let versions: Vec<_> = audit
        .iter()
        .map(|row| &row.detail["public_key_ver"])
        .collect();
    assert_eq!(versions, [7, 3], "what was refused leaves no trace");
    assert_eq!(
        (audit[0].caller.as_str(), audit[0].target.as_str()),
        ("tester", CORP)
    );
}

#[tokio::test]
async fn nothing_is_archived_before_a_key_is_set_and_each_message_names_its_own() {
    let stage = Stage::empty(Options::default()).await;
    let member = json!({ "kind": "member", "userid": stage::MEMBER });
    stage.imported(&[member]).await;
    let line = message("m1", 60, "hello").to_string();
    let error = stage
        .archive
        .import(CORP, line.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(error.code().as_str(), "archive.no_public_key");
    assert!(error.hint().unwrap().contains("set_public_key"));
    assert_eq!(stage.sync(json!({})).await["errcode"], 710_659);
    let stranger = ringback_archive::Owner {
        corp: "wwnobody".to_owned(),
        ..owner()
    };
    assert_eq!(
        stage.sync_as(&stranger, json!({})).await["errcode"],
        710_659
    );

    stage.set_key(1).await;
    stage.imported(&[message("m1", 60, "hello")]).await;
    stage.set_key(2).await;
    stage.imported(&[message("m2", 50, "again")]).await;
    let answer = stage.sync(json!({})).await;
    let versions: Vec<_> = answer["msg_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["service_encrypt_info"]["public_key_ver"])
        .collect();
    assert_eq!(versions, [1, 2]);
}
