//! One way to take what only one thread at a time is given.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lock of a value that is whole between any two of its changes: a thread that died while it held the lock leaves
/// nothing half done, so nobody else has to die with it.
pub(crate) fn lock<T: ?Sized>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
