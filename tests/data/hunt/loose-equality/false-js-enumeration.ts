export function trimmed(text: string, mode: Mode): string {
  if (mode == Mode.Trim) {
    return text.trim()
  }
  const at = text.indexOf('x')
  if (at != text.lastIndexOf('x')) {
    return ''
  }
  const id = save(text)
  return id != -1 ? text : ''
}
