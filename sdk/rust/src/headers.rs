//! Headers in whatever shape an HTTP server hands them over.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers of a request: a [`HeaderMap`], or any list or map of names and values.
///
/// Names are taken without regard to case, which is more than the official decoder does: many HTTP
/// servers capitalise them.
pub trait Headers {
    /// The headers as a map; what HTTP does not allow in one is left out.
    fn to_map(&self) -> Cow<'_, HeaderMap>;
}

impl Headers for HeaderMap {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        Cow::Borrowed(self)
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        collect(self.iter().map(|(name, value)| (name, value)))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        self.as_slice().to_map()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        self.as_slice().to_map()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>, S: BuildHasher> Headers for HashMap<N, V, S> {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        collect(self.iter())
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Headers for BTreeMap<N, V> {
    fn to_map(&self) -> Cow<'_, HeaderMap> {
        collect(self.iter())
    }
}

fn collect<'a, N, V>(pairs: impl Iterator<Item = (&'a N, &'a V)>) -> Cow<'a, HeaderMap>
where
    N: AsRef<[u8]> + 'a,
    V: AsRef<[u8]> + 'a,
{
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_ref());
        let value = HeaderValue::from_bytes(value.as_ref());
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    Cow::Owned(map)
}
