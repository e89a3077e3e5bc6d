//! The channel binding `tls-server-end-point` (RFC 5929 §4): a hash of the server's certificate.
//!
//! The hash function is that of the certificate's signature, which is read from the DER. An unknown
//! certificate has no binding rather than a wrong one.

use super::der::{EXPLICIT_0, OBJECT_IDENTIFIER, SEQUENCE, read, read_only};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The binding of a certificate; `None` if its signature has no hash function (Ed25519) or an
/// unknown one.
pub(crate) fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    Some(match signature_hash(certificate)? {
        Hash::Sha224 => Sha224::digest(certificate).to_vec(),
        Hash::Sha256 => Sha256::digest(certificate).to_vec(),
        Hash::Sha384 => Sha384::digest(certificate).to_vec(),
        Hash::Sha512 => Sha512::digest(certificate).to_vec(),
    })
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signature }` (RFC 5280 §4.1).
fn signature_hash(certificate: &[u8]) -> Option<Hash> {
    let certificate = read_only(SEQUENCE, certificate)?;
    let (_to_be_signed, rest) = read(SEQUENCE, certificate)?;
    let (algorithm, _signature) = read(SEQUENCE, rest)?;
    hash_of(algorithm)
}

/// `AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }`
fn hash_of(algorithm: &[u8]) -> Option<Hash> {
    let (identifier, parameters) = read(OBJECT_IDENTIFIER, algorithm)?;
    Some(match identifier {
        // 1.2.840.113549.1.1: PKCS #1 (RFC 8017 appendix A.2).
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, kind] => match kind {
            // MD5 and SHA-1 are replaced by SHA-256.
            4 | 5 | 11 => Hash::Sha256,
            10 => pss_hash(parameters)?,
            12 => Hash::Sha384,
            13 => Hash::Sha512,
            14 => Hash::Sha224,
            _ => return None,
        },
        // 1.2.840.10045.4: ECDSA with SHA-1, with SHA-2 (RFC 5758 §3.2).
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => Hash::Sha256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, kind] => match kind {
            1 => Hash::Sha224,
            2 => Hash::Sha256,
            3 => Hash::Sha384,
            4 => Hash::Sha512,
            _ => return None,
        },
        _ => return None,
    })
}

/// The hash function of RSASSA-PSS. The default is SHA-1, which is replaced by SHA-256.
fn pss_hash(parameters: &[u8]) -> Option<Hash> {
    let parameters = read_only(SEQUENCE, parameters)?;
    // RFC 4055 §3.1: `hashAlgorithm [0] HashAlgorithm DEFAULT sha1`
    if parameters.first() != Some(&EXPLICIT_0) {
        return Some(Hash::Sha256);
    }
    let (algorithm, _) = read(EXPLICIT_0, parameters)?;
    let algorithm = read_only(SEQUENCE, algorithm)?;
    let (identifier, _) = read(OBJECT_IDENTIFIER, algorithm)?;
    Some(match identifier {
        // 1.3.14.3.2.26: SHA-1.
        [0x2b, 0x0e, 3, 2, 0x1a] => Hash::Sha256,
        // 2.16.840.1.101.3.4.2: SHA-2 (RFC 5754 §2).
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, kind] => match kind {
            1 => Hash::Sha256,
            2 => Hash::Sha384,
            3 => Hash::Sha512,
            4 => Hash::Sha224,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::der::value;
    use super::*;
    use proptest::prelude::*;

    fn algorithm(identifier: &[u8], parameters: &[u8]) -> Vec<u8> {
        let identifier = value(OBJECT_IDENTIFIER, identifier);
        value(SEQUENCE, &[&identifier, parameters].concat())
    }

    /// A certificate with the parts that are read.
    fn certificate(algorithm: &[u8]) -> Vec<u8> {
        let to_be_signed = value(SEQUENCE, &[0; 300]);
        let signature = value(0x03, &[0; 65]);
        value(SEQUENCE, &[&to_be_signed, algorithm, &signature].concat())
    }

    fn hash(identifier: &[u8], parameters: &[u8]) -> Option<Hash> {
        signature_hash(&certificate(&algorithm(identifier, parameters)))
    }

    const PKCS1: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const SHA2: [u8; 8] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2];

    #[test]
    fn the_hash_is_that_of_the_signature_or_sha_256_for_broken_ones() {
        let null = [5, 0];
        for (kind, expected) in [
            (4, Some(Hash::Sha256)),
            (5, Some(Hash::Sha256)),
            (11, Some(Hash::Sha256)),
            (12, Some(Hash::Sha384)),
            (13, Some(Hash::Sha512)),
            (14, Some(Hash::Sha224)),
            (1, None),
        ] {
            assert_eq!(hash(&[&PKCS1[..], &[kind]].concat(), &null), expected);
        }
        for (rest, expected) in [
            (&[1][..], Some(Hash::Sha256)),
            (&[3, 2], Some(Hash::Sha256)),
            (&[3, 3], Some(Hash::Sha384)),
            (&[3, 4], Some(Hash::Sha512)),
            (&[3, 9], None),
        ] {
            let identifier = [&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4], rest].concat();
            assert_eq!(hash(&identifier, &[]), expected);
        }
    }

    #[test]
    fn a_signature_without_hash_function_has_no_binding() {
        // 1.3.101.112: Ed25519.
        assert_eq!(hash(&[0x2b, 0x65, 0x70], &[]), None);
    }

    #[test]
    fn the_hash_of_rsassa_pss_is_in_its_parameters() {
        let pss = [&PKCS1[..], &[10]].concat();
        let with = |identifier: &[u8]| {
            let named = value(EXPLICIT_0, &algorithm(identifier, &[5, 0]));
            hash(&pss, &value(SEQUENCE, &named))
        };
        assert_eq!(with(&[&SHA2[..], &[1]].concat()), Some(Hash::Sha256));
        assert_eq!(with(&[&SHA2[..], &[2]].concat()), Some(Hash::Sha384));
        assert_eq!(with(&[&SHA2[..], &[3]].concat()), Some(Hash::Sha512));
        assert_eq!(with(&[0x2b, 0x0e, 3, 2, 0x1a]), Some(Hash::Sha256));
        assert_eq!(with(&[0x2b, 0x0e]), None);
        assert_eq!(hash(&pss, &value(SEQUENCE, &[])), Some(Hash::Sha256));
        assert_eq!(hash(&pss, &[]), None);
    }

    #[test]
    fn a_certificate_with_trailing_bytes_has_no_binding() {
        let mut der = certificate(&algorithm(&[&PKCS1[..], &[11]].concat(), &[5, 0]));
        assert!(end_point(&der).is_some());
        der.push(0);
        assert_eq!(end_point(&der), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = end_point(&bytes);
            let _ = end_point(&certificate(&bytes));
        }
    }
}
