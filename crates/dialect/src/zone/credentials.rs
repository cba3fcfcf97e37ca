//! The credentials file of a program's instance.

use ringback_types::Secret;
use serde::{Deserialize, Serialize};

use super::{KeyRing, Keys};

/// What stands in the file that `RINGBACK_ZONE_CREDENTIALS` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// Where the zone is: `http://127.0.0.1:7300`.
    pub zone_url: String,
    /// Whose keys: `program/instance`.
    pub key_id: String,
    /// The live versions of its secret.
    pub versions: Vec<Version>,
}

/// One version of an instance's secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, from 1 up.
    pub version: u32,
    /// 32 random bytes, base64 in the JSON.
    #[serde(with = "base64_secret")]
    pub secret: Secret,
}

impl Credentials {
    /// The keys of every version.
    pub fn ring(&self) -> KeyRing {
        let keys = |version: &Version| (version.version, Keys::new(&version.secret));
        KeyRing::new(self.key_id.as_str(), self.versions.iter().map(keys))
    }
}

/// A secret of 32 bytes as base64.
pub(super) mod base64_secret {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ringback_types::Secret;
    use serde::de::{Deserialize, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(
        secret: &Secret,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(secret.expose()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Secret, D::Error> {
        let text = Secret::deserialize(deserializer)?;
        STANDARD
            .decode(text.expose())
            .map(Secret::from)
            .ok()
            .filter(|secret| secret.expose().len() == 32)
            .ok_or_else(|| D::Error::custom("the secret is not base64 of 32 bytes"))
    }
}

/// A secret that is a text; tokens are ASCII.
pub(super) mod text_secret {
    use ringback_types::Secret;
    use serde::ser::Serializer;

    pub(crate) fn serialize<S: Serializer>(
        secret: &Secret,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(secret.expose()))
    }
}
