//! Files beside those that they become.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A new file in a folder, which goes when it is dropped.
pub(crate) fn temporary(dir: &Path, prefix: &str, suffix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix);
    #[cfg(unix)]
    {
        // Temporary files are for their owner only; this one gets a name, and data sets are no secret.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(dir)
}
