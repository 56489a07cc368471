"""Date formats where Django's own could be misread (`FORMAT_MODULE_PATH`)."""
