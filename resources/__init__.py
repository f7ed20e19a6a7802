"""Icons, the starter model, the demo texts and the licences of what is shipped."""
