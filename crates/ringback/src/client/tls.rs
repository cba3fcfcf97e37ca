//! What a failed TLS handshake means, in plain words: the library's own name states of a protocol.

/// A cause and its cures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plain {
    /// The stable code.
    pub(crate) code: &'static str,
    /// What is wrong.
    pub(crate) cause: &'static str,
    /// The sentence that fixes it for a command that asks a server.
    pub(crate) client_fix: &'static str,
    /// The sentence that fixes it at the server.
    pub(crate) server_fix: &'static str,
}

/// Words of the library, and what they mean.
const KNOWN: [(&[&str], Plain); 4] = [
    (
        &["InvalidContentType", "wrong version number"],
        Plain {
            code: "tls.not_spoken",
            cause: "this port does not speak TLS",
            client_fix: "write the URL with `http://`",
            server_fix: "write the URL with `http://`, or switch TLS on in the server",
        },
    ),
    (
        &["handshake eof", "HandshakeFailure"],
        Plain {
            code: "tls.refused",
            cause: "the server broke the TLS handshake off",
            client_fix: "see the server's log; it must take TLS 1.2 or 1.3",
            server_fix: "see the server's log; it must take TLS 1.2 or 1.3, and have a certificate for this name",
        },
    ),
    (
        &["CaUsedAsEndEntity"],
        Plain {
            code: "tls.authority_as_server",
            cause: "the server shows the certificate of an authority (`CA:TRUE`) as its own",
            client_fix: "give the server a certificate of its own (for a trial: `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`)",
            server_fix: "give the server a certificate of its own, with `CA:FALSE`, from a public authority",
        },
    ),
    (
        &["UnknownIssuer"],
        Plain {
            code: "tls.unknown_issuer",
            cause: "the server's certificate comes from nobody that this host trusts",
            client_fix: "trust its authority with `--ca FILE` or SSL_CERT_FILE",
            server_fix: "send the whole chain, from a public authority: the platform trusts no other",
        },
    ),
];

/// The meaning of what the library says, where it is known.
pub(crate) fn in_plain_words(detail: &str) -> Option<&'static Plain> {
    let says = |words: &&[&str]| words.iter().any(|word| detail.contains(word));
    let known = KNOWN.iter().find(|(words, _)| says(words));
    known.map(|(_, plain)| plain)
}
