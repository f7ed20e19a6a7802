"""What files say of themselves and of where and when they were made: EXIF, XMP, IPTC, names."""
