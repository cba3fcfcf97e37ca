//! Secrets at rest: sealed with a data key, which is itself sealed with the master key
//! (design, section 10).
//!
//! Sealed bytes are `1 ‖ key id (u32, big-endian) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ringback_types::{Code, Coded, Random, Secret};

const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + 4 + NONCE_LEN;
const KEY_BYTES: usize = 32;
/// The file made beside the data where no master key is named.
const BESIDE: &str = "master.key";

/// Where the master key is.
#[derive(Debug, Clone, Default)]
pub enum MasterKey {
    /// In a file of mode 0600 beside the data, made when absent.
    #[default]
    Beside,
    /// In this file: 32 bytes as 64 hexadecimal digits.
    File(PathBuf),
}

/// Why a secret cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or made.
    #[error("the master key file {} cannot be used: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The key file holds something else.
    #[error("the master key file {} must hold 64 hexadecimal digits", path.display())]
    Form {
        /// Which file.
        path: PathBuf,
    },
    /// The key is not the one the data was sealed with.
    #[error("the master key does not fit this data")]
    WrongKey,
    /// The bytes are not something this vault sealed.
    #[error("a sealed secret cannot be opened")]
    Damaged,
}

impl Coded for VaultError {
    fn code(&self) -> Code {
        Code::new(match self {
            Self::File { .. } => "vault.file",
            Self::Form { .. } => "vault.form",
            Self::WrongKey => "vault.wrong_key",
            Self::Damaged => "vault.damaged",
        })
    }

    fn hint(&self) -> Option<Cow<'static, str>> {
        Some(Cow::Borrowed(match self {
            Self::File { .. } => {
                "put the key the data was made with there, or name it in `store.master_key_file`"
            }
            Self::Form { .. } => "make one with `openssl rand -hex 32`",
            Self::WrongKey => "name the key the data was made with in `store.master_key_file`",
            Self::Damaged => "set the secret again; a backup made before has the old one",
        }))
    }
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<RwLock<Keys>>);

struct Keys {
    current: u32,
    by_id: HashMap<u32, LessSafeKey>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault over data keys as the store keeps them: `(id, sealed with the master key)`.
    pub(crate) fn open(
        master: &LessSafeKey,
        sealed_keys: &[(u32, Vec<u8>)],
    ) -> Result<Self, VaultError> {
        let mut by_id = HashMap::new();
        for (id, sealed) in sealed_keys {
            let key = open_with(master, sealed).map_err(|_| VaultError::WrongKey)?;
            by_id.insert(*id, cipher(&key)?);
        }
        let current = by_id.keys().copied().max().ok_or(VaultError::WrongKey)?;
        Ok(Self(Arc::new(RwLock::new(Keys { current, by_id }))))
    }

    /// Seals a secret with the current data key.
    pub fn seal(&self, secret: &Secret) -> Vec<u8> {
        let keys = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seal_with(&keys.by_id[&keys.current], keys.current, secret.expose())
    }

    /// Opens what [`Vault::seal`] made.
    pub fn open_sealed(&self, sealed: &[u8]) -> Result<Secret, VaultError> {
        let id = key_id(sealed).ok_or(VaultError::Damaged)?;
        let keys = self
            .0
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = keys.by_id.get(&id).ok_or(VaultError::Damaged)?;
        open_with(key, sealed).map(Secret::from)
    }
}

/// A new data key sealed with the master key, to be kept under `id`.
pub(crate) fn new_data_key(master: &LessSafeKey, id: u32) -> Vec<u8> {
    seal_with(master, id, &Random::system().secret::<KEY_BYTES>())
}

/// Reads the master key, or makes the file beside the data. `sealed_keys` tell whether a rotation that
/// was cut off had already come to the new key: then that one takes its place.
pub(crate) fn load_master(
    key: &MasterKey,
    directory: &Path,
    sealed_keys: &[(u32, Vec<u8>)],
) -> Result<LessSafeKey, VaultError> {
    if let MasterKey::File(path) = key {
        return read_key(path);
    }
    let path = directory.join(BESIDE);
    // A key is made for a new store only: a restored one must be given the key it was made with.
    if !path.exists() && sealed_keys.is_empty() {
        make_key(&path)?;
    }
    let master = read_key(&path)?;
    let fits = |master: &LessSafeKey| {
        sealed_keys
            .iter()
            .all(|(_, sealed)| open_with(master, sealed).is_ok())
    };
    if !fits(&master) && next_key(directory).exists() {
        let next = read_key(&next_key(directory))?;
        if fits(&next) {
            adopt_next_key(directory)?;
            return Ok(next);
        }
    }
    Ok(master)
}

/// Where a rotation keeps the new key until the data keys are sealed with it.
pub(crate) fn next_key(directory: &Path) -> PathBuf {
    directory.join(format!("{BESIDE}.next"))
}

/// Puts the new key in the old one's place; answers where that is.
pub(crate) fn adopt_next_key(directory: &Path) -> Result<PathBuf, VaultError> {
    let (next, path) = (next_key(directory), directory.join(BESIDE));
    fs::rename(&next, &path)
        .and_then(|()| sync_directory_of(&path))
        .map_err(|source| VaultError::File { path: next, source })?;
    Ok(path)
}

/// Makes a key file of mode 0600; an existing one stays.
pub(crate) fn make_key(path: &Path) -> Result<(), VaultError> {
    if path.exists() {
        return Ok(());
    }
    make_key_file(path).map_err(|source| VaultError::File {
        path: path.to_owned(),
        source,
    })
}

/// A data key sealed with another master key.
pub(crate) fn reseal(
    old: &LessSafeKey,
    new: &LessSafeKey,
    id: u32,
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let key = open_with(old, sealed).map_err(|_| VaultError::WrongKey)?;
    Ok(seal_with(new, id, &key))
}

fn read_key(path: &Path) -> Result<LessSafeKey, VaultError> {
    let text = fs::read_to_string(path).map_err(|source| VaultError::File {
        path: path.to_owned(),
        source,
    })?;
    let bytes = parse_hex(text.trim()).ok_or_else(|| VaultError::Form {
        path: path.to_owned(),
    })?;
    cipher(&bytes)
}

/// Whole or not at all, whatever is cut off: written beside, synced, renamed, and the name synced too.
fn make_key_file(path: &Path) -> std::io::Result<()> {
    let mut digits = String::with_capacity(KEY_BYTES * 2);
    for byte in Random::system().secret::<KEY_BYTES>() {
        // Writing into a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    let beside = path.with_extension("new");
    // What an earlier start left half-written is worth nothing.
    let _ = fs::remove_file(&beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    writeln!(file, "{digits}")?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    sync_directory_of(path)
}

/// A name is on the disk only once its directory has been synced.
fn sync_directory_of(path: &Path) -> std::io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(directory.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
        return None;
    }
    (0..KEY_BYTES)
        .map(|index| u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok())
        .collect()
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, VaultError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| VaultError::Damaged)
}

fn key_id(sealed: &[u8]) -> Option<u32> {
    match sealed {
        [FORMAT, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

fn seal_with(key: &LessSafeKey, id: u32, plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = Random::system().secret();
    let mut sealed = Vec::with_capacity(HEADER_BYTES + plain.len() + AES_256_GCM.tag_len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(&id.to_be_bytes());
    sealed.extend_from_slice(&nonce);
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body)
        .expect("AES-GCM seals anything below 64 GiB");
    sealed.append(&mut body);
    sealed
}

fn open_with(key: &LessSafeKey, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (header, body) = sealed
        .split_at_checked(HEADER_BYTES)
        .ok_or(VaultError::Damaged)?;
    let nonce = Nonce::try_assume_unique_for_key(&header[5..]).map_err(|_| VaultError::Damaged)?;
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(nonce, Aad::empty(), &mut body)
        .map_err(|_| VaultError::Damaged)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_master_key_is_refused_and_a_right_one_opens() {
        let right = cipher(&[1; KEY_BYTES]).unwrap();
        let wrong = cipher(&[2; KEY_BYTES]).unwrap();
        let keys = vec![(1, new_data_key(&right, 1))];
        assert!(matches!(
            Vault::open(&wrong, &keys),
            Err(VaultError::WrongKey)
        ));

        let vault = Vault::open(&right, &keys).unwrap();
        let sealed = vault.seal(&Secret::from("s3cret"));
        assert_eq!(vault.open_sealed(&sealed).unwrap(), Secret::from("s3cret"));

        for index in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[index] ^= 1;
            assert!(
                vault.open_sealed(&flipped).is_err(),
                "byte {index} may not be flipped"
            );
        }
    }
}
