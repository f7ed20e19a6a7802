"""Where files come from: a scan of folders, and the watcher that says what changed since."""
