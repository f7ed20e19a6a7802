"""Files made of files: office packages, older office containers, mails, archives."""
