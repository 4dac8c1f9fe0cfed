// How the page draws many pods, measured in Chromium: frames a second while they roll, the longest task, and how long
// the first picture takes, and seeking: `node tools/page-bench.mjs [folder]`. `make bench` runs this on the page in dist/.
import { start } from '../tests/page/browser.mjs'

/// How long the frames are counted, in milliseconds.
const WATCHED_MS = 8000

const node = number => `
---
apiVersion: v1
kind: Node
metadata: {name: node${number}, labels: {topology.kubernetes.io/zone: zone-a}}
status:
  capacity: {cpu: "900", memory: 900Gi, pods: "900"}
  allocatable: {cpu: "900", memory: 900Gi, pods: "900"}
`

/// A set with a claim for each pod, of which a tenth may be away at once.
const manifest = replicas => `
apiVersion: v1
kind: Service
metadata: {name: nginx}
spec:
  clusterIP: None
  selector: {app: nginx}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  serviceName: nginx
  replicas: ${replicas}
  podManagementPolicy: Parallel
  updateStrategy: {rollingUpdate: {maxUnavailable: 10%}}
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers:
      - {name: nginx, image: nginx, volumeMounts: [{name: www, mountPath: /www}]}
  volumeClaimTemplates:
  - metadata: {name: www}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
${[4, 5, 6].map(node).join('')}`

/// Counts frames and long tasks for a while.
const watch = (page, milliseconds) =>
  page.evaluate(
    milliseconds =>
      new Promise(resolve => {
        const tasks = []
        new PerformanceObserver(list => tasks.push(...list.getEntries().map(entry => entry.duration))).observe({
          type: 'longtask',
        })
        const began = performance.now()
        const frames = []
        const frame = now => {
          frames.push(now)
          if (now - began < milliseconds) requestAnimationFrame(frame)
          else resolve({ frames, tasks })
        }
        requestAnimationFrame(frame)
      }),
    milliseconds,
  )

/// Goes to places all over the timeline, each far from the one before, and says how long each takes until it is painted.
const seeks = (page, count) =>
  page.evaluate(async count => {
    const slider = document.querySelector('.timeline__slider')
    const spans = []
    for (let number = 0; number < count; number += 1) {
      slider.value = ((number * 382) % 1000) * 10
      spans.push(
        await new Promise(resolve => {
          const began = performance.now()
          slider.dispatchEvent(new Event('input', { bubbles: true }))
          requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)))
        }),
      )
    }
    return spans.sort((a, b) => a - b)
  }, count)

/// From a press until what it changes is painted.
const untilPainted = (page, name) =>
  page.evaluate(
    name =>
      new Promise(resolve => {
        const button = [...document.querySelectorAll('button')].find(button => button.textContent.trim() === name)
        const began = performance.now()
        button.click()
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)))
      }),
    name,
  )

const { open, close } = await start({ folder: process.argv[2] ?? 'dist' })
for (const replicas of [100, 1000]) {
  const { page } = await open({ reducedMotion: 'no-preference' })
  page.setDefaultTimeout(300_000)
  const press = name => page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('textbox', { name: 'Manifest' }).click()
  await page.locator('.cm-content:focus').waitFor()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(manifest(replicas))
  await press('Apply')
  const starting = watch(page, WATCHED_MS)
  const report = (what, { frames, tasks }) => {
    const gaps = frames.slice(1).map((at, i) => at - frames[i]).sort((a, b) => a - b)
    const second = ((frames.length - 1) * 1000) / (frames.at(-1) - frames[0])
    const longest = Math.max(0, ...tasks)
    console.log(
      `page:   ${replicas} pods, ${what}: ${second.toFixed(1)} frames a second, ` +
        `19 of 20 within ${gaps[Math.floor(gaps.length * 0.95)].toFixed(0)} ms, ` +
        `${tasks.length} tasks over 50 ms, the longest ${longest.toFixed(0)} ms`,
    )
  }
  report('while they start', await starting)
  await page.getByText(new RegExp(`^${replicas} of ${replicas} ready$`)).waitFor({ timeout: 300_000 })
  await press('Table')
  await page.getByRole('table').first().waitFor()
  const first = await untilPainted(page, 'Graph')
  console.log(`page:   ${replicas} pods, first picture: ${first.toFixed(0)} ms`)
  await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
  await press('Set image')
  report('while they roll', await watch(page, WATCHED_MS))
  await press('Pause')
  const spans = await seeks(page, 60)
  const events = (await page.locator('.timeline__slider').getAttribute('aria-valuetext')).match(/of (\d+) events/)[1]
  console.log(
    `page:   ${replicas} pods, 60 seeks in ${events} events: half within ${spans[30].toFixed(0)} ms, the longest ${spans[59].toFixed(0)} ms`,
  )
  await page.close()
}
await close()
