// Why is it so? From a pod, a claim, a set and a name: the reason, its rule, the objects concerned, and what helps.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'

import { onOwnPages } from './browser.mjs'
import { manifestText, one, runToRest, writeManifest } from './reading.mjs'

let page
onOwnPages(given => ({ page } = given))

const press = (name, on = page) => on.getByRole('button', { name, exact: true }).click()
const card = name => page.getByRole('button', { name })
const why = () => page.getByRole('region', { name: 'Why is it so?' })
const reasons = () => why().getByRole('listitem')

async function applied(change = text => text) {
  await writeManifest(page, change(await manifestText(page)))
  await press('Apply')
  await runToRest(page)
}

/// Asks a thing in the picture, and gives the reason that matches. Each reason has the rule's source.
async function ask(thing, pattern) {
  await card(thing).first().click({ position: { x: 20, y: 15 } })
  const reason = reasons().filter({ hasText: pattern }).first()
  await reason.waitFor()
  for (const found of await reasons().all()) {
    assert.match(await found.innerText(), /(pkg|staging)\/\S+\.go \w+/)
    assert.match(await found.getByRole('link', { name: 'documentation' }).getAttribute('href'), /^https:\/\/kubernetes\.io\/docs\/\S+$/)
  }
  return reason
}

const lit = () => page.evaluate(() => [...document.querySelectorAll('.card--lit .hit')].map(hit => hit.getAttribute('aria-label').split(',')[0]))

describe('Why', () => {
  it('is answered for a claim, a pod, a set and a name, with the objects lit and a button that helps', async () => {
    await applied(text => text.replace('accessModes', 'storageClassName: fast\n      accessModes'))
    await ask(/^Claim www-web-0,/, 'There is no storage class fast.')
    const pod = await ask(/^Pod web-0,/, /unbound immediate PersistentVolumeClaims/)
    const set = await ask(/^StatefulSet julin\/web,/, /^statefulset\.apps\/web\s*Pod web-0 is not Running and Ready\./)
    await set.hover()
    assert.deepEqual(await lit(), ['Name web-0.nginx.julin.svc.cluster.local', 'Pod web-0'])
    await page.mouse.move(5, 5)
    await page.waitForFunction(() => document.querySelectorAll('.card--lit').length === 0)
    // The same by keyboard.
    await set.getByRole('button', { name: 'statefulset.apps/web' }).focus()
    assert.deepEqual(await lit(), ['Name web-0.nginx.julin.svc.cluster.local', 'Pod web-0'])
    await ask(/^Name web-1\./, /^statefulset\.apps\/web\s*Pod web-0 is not Running and Ready\./)
    // The page has said by itself that it stands still, and what lies at the bottom of it.
    const notice = page.getByRole('status').filter({ hasText: 'julin/web is not complete' })
    assert.match(await notice.innerText(), /There is no storage class fast\./)
    assert.ok(pod)
  })

  it('offers what helps, as a button with its line', async () => {
    await applied()
    await page.getByRole('textbox', { name: 'Patch' }).fill('{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2}}}}')
    await press('Patch it')
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:1.29')
    await press('Set image')
    await runToRest(page)
    const reason = await ask(/^StatefulSet julin\/web,/, /the ordinal is below the partition 2/)
    await reason.getByRole('button', { name: /^kubectl patch statefulset web -n julin -p .*"partition":0/ }).click()
    await runToRest(page)
    await why().getByText('Nothing holds it up').waitFor()
    await card(/^StatefulSet julin\/web,/).click({ position: { x: 20, y: 15 } })
    await why().getByText('Nothing holds it up').waitFor()
  })

  it('is said by the page itself where nothing happens but retries', async () => {
    await applied()
    await page.getByRole('textbox', { name: 'Image' }).fill('nginx:broken')
    await press('Set image')
    const notice = page.getByRole('status').filter({ hasText: 'Nothing happens but retries, and julin/web is not complete.' })
    await page.getByRole('slider', { name: 'Speed' }).fill('8')
    await press('Play')
    await notice.waitFor()
    await press('Pause')
    assert.match(await notice.innerText(), /The image nginx:broken of the container nginx cannot be pulled/)
    await press('Why is it so?', notice)
    await reasons().filter({ hasText: 'pod/web-1' }).first().waitFor()
  })

  it('is answered for a name that has no address though its pod is Ready', async () => {
    await applied(text => text.replace('  clusterIP: None\n', ''))
    await one(page, /^Name web-0\..*, the Service is not headless$/)
    const reason = await ask(/^Name web-0\./, /Only below a headless one/)
    await reason.hover()
    assert.deepEqual(await lit(), ['Service nginx'])
    await reason.getByRole('button', { name: /^kubectl delete service nginx -n julin && kubectl create service/ }).click()
    await runToRest(page)
    await one(page, /^Name web-0\..*, 10\.\S+$/)
  })
})
