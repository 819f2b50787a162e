#!/bin/sh
# Make the certificates of this directory anew: sh tests/certificates/make.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"

touch index.txt
echo "unique_subject = no" > index.txt.attr
echo 01 > serial
cat > settings <<'END'
[req]
distinguished_name = subject
[subject]
[ca]
default_ca = test
[test]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = $ENV::NAMES
END

certificate() { # file, common name, extensions, last day, who signs (arguments of openssl ca)
    file=$1 subject=$2 extensions=$3 end=$4
    shift 4
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$file.key"
    openssl req -new -key "$file.key" -subj "/CN=$subject" -config settings -out "$file.csr"
    openssl ca -batch -notext -config settings -extensions "$extensions" -in "$file.csr" \
        -startdate 20240101000000Z -enddate "$end" -out "$file.crt" "$@"
    cat "$file.key" "$file.crt" > "$file.pem"
}

export NAMES="DNS:localhost, IP:127.0.0.1, IP:::1"
always=20991231235959Z
certificate ca "ironflow test CA" root $always -selfsign -keyfile ca.key
certificate good localhost leaf $always -cert ca.crt -keyfile ca.key
certificate expired localhost leaf 20240102000000Z -cert ca.crt -keyfile ca.key
certificate self-signed localhost leaf $always -selfsign -keyfile self-signed.key
NAMES="DNS:other.example"
certificate other-host other.example leaf $always -cert ca.crt -keyfile ca.key

cp good.pem expired.pem self-signed.pem other-host.pem "$here"
cp ca.crt "$here/ca.pem" # without its key: nobody signs anything else with it
