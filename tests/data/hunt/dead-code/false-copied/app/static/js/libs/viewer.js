function webViewerSetPreference(name) {
  return name;
}
