// Loads the editor's own file when it is first wanted, so that a view without it does not pay for it.

/// Puts the editor into `host`, in the place of a text area, and gives it to `ready`. Where it cannot be loaded, the text
/// area stays.
export async function load_editor(host, area, label, language, changed, apply, ask, ready) {
  let module
  try {
    module = await import(new URL('editor.js', document.baseURI).href)
  } catch {
    return
  }
  // Where the person was in the text, and whether they still are.
  const { selectionStart: anchor, selectionEnd: head, value: text } = area
  const hadFocus = document.activeElement === area
  const editor = new module.ManifestEditor({ host, text, anchor, head, label, language, changed, apply, ask })
  ready(editor)
  // The page shows the editor with its next picture.
  if (hadFocus) requestAnimationFrame(() => editor.focus())
}
