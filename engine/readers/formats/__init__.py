"""The formats that are read, a module each: what declares `FAMILY` here is a reader."""
