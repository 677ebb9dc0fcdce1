//! Keyed hashes of names: what stands for a domain, a client and a host inside the engine.
//!
//! SipHash-1-3, because attackers choose these names: with a weak hash they could make their domain collide with a popular
//! one. Same key, same hashes on any machine; the key is a setting and travels with state.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// The key of all hashes that reach a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKey(pub u64, pub u64);

impl Default for HashKey {
    /// A constant, so that two machines agree without being told: the digits of π.
    fn default() -> Self {
        HashKey(0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7344)
    }
}

impl HashKey {
    /// The key as bytes, for hashes that are not of names.
    pub fn bytes(self) -> [u8; 16] {
        (u128::from(self.0) << 64 | u128::from(self.1)).to_be_bytes()
    }

    /// Hash of a name. Never 0, which stands for "no destination".
    #[inline]
    pub fn name(self, name: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.0, self.1);
        hasher.write(name);
        hasher.finish().max(1)
    }

    /// Stands for the key where hashes are kept, without telling it: 16 hex digits.
    pub fn fingerprint(self) -> String {
        self.id(&[b"hash-key of a ledger"])[..16].to_owned()
    }

    /// 128 bits over several fields, as 32 hex digits: ids of records.
    pub fn id(self, fields: &[&[u8]]) -> String {
        use siphasher::sip128::{Hasher128, SipHasher13 as Sip128};
        let mut hasher = Sip128::new_with_keys(self.0, self.1);
        for field in fields {
            // Lengths keep ("ab", "c") and ("a", "bc") apart.
            hasher.write_u64(field.len() as u64);
            hasher.write(field);
        }
        format!("{:032x}", hasher.finish128().as_u128())
    }
}
