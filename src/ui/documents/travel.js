// What the browser does for links, files and pictures: it deflates, inflates, copies, draws and opens.

/// Deflates a text; `done` gets nothing where the browser cannot.
export async function deflate(text, done) {
  try {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
    done(new Uint8Array(await new Response(stream).arrayBuffer()))
  } catch {
    done(undefined)
  }
}

/// How many bytes are inflated at once: these become half a megabyte at most.
const SLICE = 512

/// Inflates a text of at most so many bytes. `done` gets it, or why not: `large`, `damaged`.
export async function inflate(view, limit, done) {
  // What is handed over is a view of the program's memory, which goes on changing.
  const bytes = view.slice()
  let at = 0
  const slices = new ReadableStream(
    {
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += SLICE)))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  try {
    const reader = slices.pipeThrough(new DecompressionStream('deflate-raw')).getReader()
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let size = 0
    let text = ''
    for (;;) {
      const { done: isEnd, value } = await reader.read()
      if (isEnd) break
      size += value.length
      if (size > limit) {
        reader.cancel().catch(() => {})
        return done('', 'large')
      }
      text += decoder.decode(value, { stream: true })
    }
    done(text + decoder.decode(), '')
  } catch {
    done('', 'damaged')
  }
}

/// Copies a text. `done` gets whether that worked.
export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text)
    done(true)
  } catch {
    done(false)
  }
}

/// Draws a picture of SVG at twice its size and offers it as a file of PNG.
export function offer_png(name, svg, width, height) {
  const image = new Image()
  image.onload = () => {
    const canvas = document.createElement('canvas')
    // Browsers draw no more than some 16,000 pixels a side.
    const scale = Math.min(2, 16_000 / Math.max(width, height))
    canvas.width = Math.ceil(width * scale)
    canvas.height = Math.ceil(height * scale)
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height)
    canvas.toBlob(blob => {
      const address = URL.createObjectURL(blob)
      const link = document.createElement('a')
      link.href = address
      link.download = name
      link.click()
      setTimeout(() => URL.revokeObjectURL(address), 60_000)
    })
  }
  image.onerror = () => console.error('The picture cannot be drawn.')
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
}

/// The largest file that is opened, in bytes.
const LARGEST = 16 * 1024 * 1024

/// Has files opened that are dropped on the page. `opened` gets the name and the text of each, or why it was not
/// read (`large`, `unreadable`); `over` gets whether one is held
/// over the page.
export function on_drop(opened, over) {
  const hasFiles = event => [...(event.dataTransfer?.types ?? [])].includes('Files')
  let inside = 0
  const follow = (event, by) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    inside += by
    over(inside > 0)
  }
  addEventListener('dragenter', event => follow(event, 1))
  addEventListener('dragleave', event => follow(event, -1))
  addEventListener('dragover', event => follow(event, 0))
  addEventListener('drop', event => {
    if (!hasFiles(event)) return
    event.preventDefault()
    inside = 0
    over(false)
    read_files(event.dataTransfer.files, opened)
  })
}

/// Lets the reader choose files.
export function choose_files(opened) {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.accept = '.yaml,.yml,.json,application/json,application/yaml'
  input.onchange = () => read_files(input.files, opened)
  input.click()
}

async function read_files(files, opened) {
  // The list belongs to the event, or to the field, and may be emptied while one of them is read.
  for (const file of [...files]) {
    if (file.size > LARGEST) opened(file.name, '', 'large')
    else await file.text().then(text => opened(file.name, text, ''), () => opened(file.name, '', 'unreadable'))
  }
}

/// Whether the page is dark at present.
export function is_dark() {
  const { theme } = document.documentElement.dataset
  return theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
}
