// The terminals: lines as they are typed, and what kubectl prints.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { printed, runToRest, writeManifest } from './reading.mjs'
import { terminals } from './typing.mjs'

let page
onOwnPages(opened => {
  ;({ page } = opened)
})

const press = name => page.getByRole('button', { name, exact: true }).click()
const prompt = number => terminals(page).prompt(number)
const text = number => terminals(page).text(number)
const type = (number, line) => terminals(page).type(number, line)
const run = (line, options) => terminals(page).run(line, options)

describe('A terminal', () => {
  beforeEach(() => press('Terminal 1'))

  it('runs lines, and says what it does not know', async () => {
    const [head, ...classes] = (await run('kubectl get sc')).map(row => row.split('  ').slice(0, 4))
    assert.deepEqual(head, ['NAME', 'PROVISIONER', 'RECLAIMPOLICY', 'VOLUMEBINDINGMODE'])
    assert.deepEqual(classes, [
      ['localhostpath', 'kubernetes.io/no-provisioner', 'Retain', 'Immediate'],
      ['nfs-storage (default)', 'fuseim.pri/ifs', 'Retain', 'Immediate'],
    ])
    assert.deepEqual(await run('kubectl get widgets'), [`error: the server doesn't have a resource type "widgets"`])
    assert.match((await run('frobnicate')).join(), /frobnicate: (command )?not found/)
  })

  it('applies what stands in the editor, under its name', async () => {
    assert.deepEqual(await run('k apply -f statefulset-web.yaml'), ['service/nginx created', 'statefulset.apps/web created'])
    await writeManifest(page, 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n')
    assert.deepEqual(await run('kubectl apply -f statefulset-web.yaml'), ['namespace/shop created'])
  })

  it('watches in one terminal what another one does, and Ctrl+C ends it', async () => {
    await press('New terminal')
    await type(2, 'kubectl get pods -w -l app=nginx -n julin')
    assert.deepEqual(await run('kubectl apply -f statefulset-web.yaml'), ['service/nginx created', 'statefulset.apps/web created'])
    await runToRest(page)
    const rows = (await text(2)).trim().split('\n').slice(1).map(row => row.split(/ +/).slice(0, 3).join(' '))
    assert.deepEqual(rows.filter((row, i) => row !== rows[i - 1]), [
      'NAME READY STATUS',
      'web-0 0/1 Pending',
      'web-0 0/1 ContainerCreating',
      'web-0 1/1 Running',
      'web-1 0/1 Pending',
      'web-1 0/1 ContainerCreating',
      'web-1 1/1 Running',
    ])
    await prompt(2).press('Control+c')
    assert.match(await text(2), /\^C\s*$/)
    assert.deepEqual(await run('echo done', { number: 2 }), ['done'])
  })

  it('goes back in its history, completes, and is emptied by Ctrl+L', async () => {
    await run('echo one')
    await run('echo two')
    await prompt(1).press('ArrowUp')
    await prompt(1).press('ArrowUp')
    assert.equal(await prompt(1).inputValue(), 'echo one')
    await prompt(1).press('ArrowDown')
    assert.equal(await prompt(1).inputValue(), 'echo two')
    await prompt(1).fill('kubectl get statefuls')
    await prompt(1).press('Tab')
    assert.equal(await prompt(1).inputValue(), 'kubectl get statefulsets ')
    await prompt(1).fill('kubectl rollout ')
    await prompt(1).press('Tab')
    assert.equal(await page.getByRole('status').filter({ hasText: 'undo' }).innerText(), 'history  pause  restart  resume  status  undo')
    await prompt(1).press('Control+l')
    assert.equal((await text(1)).trim(), '')
  })

  it('shows and runs the line that a button stands for', async () => {
    await press('Apply')
    await runToRest(page)
    const more = page.getByRole('button', { name: 'One replica more' })
    assert.equal(await more.getAttribute('title'), 'kubectl scale statefulset web -n julin --replicas=3')
    await more.click()
    assert.match(await text(1), /kubectl scale statefulset web -n julin --replicas=3\s+statefulset\.apps\/web scaled/)
    assert.deepEqual(await printed(page), ['statefulset.apps/web scaled'])
  })

  it('edits an object', async () => {
    await press('Apply')
    await type(1, 'kubectl edit sts web -n julin')
    const dialog = page.getByRole('dialog', { name: 'kubectl edit' })
    const area = dialog.getByRole('textbox')
    const opened = await area.inputValue()
    assert.match(opened, /^# Please edit the object below/)
    await area.fill(opened.replace('replicas: 2', 'replicas: 3'))
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'hidden' })
    assert.match(await text(1), /statefulset\.apps\/web edited/)
    assert.equal(await page.getByRole('spinbutton', { name: 'Replicas' }).inputValue(), '3')
  })
})
