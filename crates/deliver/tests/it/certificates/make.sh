#!/bin/sh
# Makes the certificates of the TLS tests, with OpenSSL 3: a root, a server certificate for localhost
# that it signed, and one that has expired. Run in this directory.
set -eu
work=$(mktemp -d)
key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $key -days 36500 -keyout "$work/root.key" -out root.pem -subj "/CN=Ringback test root"
touch "$work/index"
cat > "$work/ca.conf" <<CONF
[ca]
default_ca = it
[it]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectAltName = DNS:localhost,IP:127.0.0.1
basicConstraints = CA:FALSE
CONF
sign() {
    openssl req $key -keyout "$1.key" -out "$work/$1.csr" -subj "/CN=localhost"
    openssl ca -batch -notext -config "$work/ca.conf" -cert root.pem -keyfile "$work/root.key" \
        -in "$work/$1.csr" -out "$1.pem" -startdate 20200101000000Z -enddate "$2"
    printf 'unique_subject = no\n' > "$work/index.attr"
    : > "$work/index"
}
sign server 21200101000000Z
sign expired 20200201000000Z
rm -r "$work"
