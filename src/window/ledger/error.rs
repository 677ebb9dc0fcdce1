//! Why a ledger cannot be used.

use std::path::PathBuf;

/// A ledger that cannot be used. The text names the file and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It cannot be read.
    #[error("ledger {}: {source}{}", path.display(), if source.kind() == std::io::ErrorKind::NotFound {
        "; to begin one, leave --ledger out and give --save-ledger"
    } else { "" })]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{} is no ledger; name a file that --save-ledger wrote", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version wrote it.
    #[error("ledger {}: written by a newer version ({schema}; this one reads {}); update deguchi", path.display(), super::file::SCHEMA)]
    Newer {
        /// The file.
        path: PathBuf,
        /// What it says of itself, escaped.
        schema: String,
    },
    /// Its hashes were made with another key.
    #[error(
        "ledger {}: made with another `hash-key`, so its clients cannot be told; set the key it was made with, or learn anew",
        path.display()
    )]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than the memory limit allows.
    #[error(
        "ledger {}: takes {} MiB of memory, and may take {} MiB, half of --memory; give --memory {}MiB or more",
        path.display(), mib(*bytes), limit >> 20, 2 * mib(*bytes)
    )]
    Large {
        /// The file.
        path: PathBuf,
        /// What it takes, bytes.
        bytes: usize,
        /// What it may take, bytes.
        limit: usize,
    },
    /// It ends before its end.
    #[error("ledger {}: cut short; take a copy of it, or learn anew with --save-ledger", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// Its content is not what was written.
    #[error("ledger {}, line {line}: damaged ({what}); take a copy of it, or learn anew with --save-ledger", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counts from 1, after decompression.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

/// Whole MiB, rounded up.
fn mib(bytes: usize) -> usize {
    bytes.div_ceil(1 << 20)
}
