// The lecture notes that the project began with: their commands, typed into two terminals in their order.
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'

import { start } from './browser.mjs'
import { addresses, assertRows, columns, lookUp, openFastTerminals } from './typing.mjs'

let server
before(async () => {
  server = await start()
})
after(() => server.close())

it('the commands of the notes print what they print in a cluster', { timeout: 300_000 }, async () => {
  const { page, faults } = await server.open()
  const terminals = await openFastTerminals(page)
  const { run, says } = terminals
  const watched = work => terminals.watched('kubectl get pods -w -l app=nginx -n julin', work)

  assert.deepEqual(columns(await run('kubectl get sc'), 6).map(row => row.replace(/ \S+$/, '')), [
    'NAME PROVISIONER RECLAIMPOLICY VOLUMEBINDINGMODE ALLOWVOLUMEEXPANSION',
    'localhostpath kubernetes.io/no-provisioner Retain Immediate false',
    'nfs-storage (default) fuseim.pri/ifs Retain Immediate false',
  ])
  assertRows(
    await watched(() => says('kubectl apply -f statefulset-web.yaml', ['service/nginx created', 'statefulset.apps/web created'])),
    'web-0 0/1 Pending',
    'web-0 0/1 ContainerCreating',
    'web-0 1/1 Running',
    'web-1 0/1 Pending',
    'web-1 0/1 ContainerCreating',
    'web-1 1/1 Running',
  )
  assert.deepEqual(columns(await run('kubectl get service nginx -n julin'), 5)[1], 'nginx ClusterIP None <none> 80/TCP')
  assert.deepEqual(columns(await run('kubectl get statefulset web -n julin'), 2), ['NAME READY', 'web 2/2'])
  await says(`for i in 0 1; do kubectl exec "web-$i" -n julin -- sh -c 'hostname'; done`, ['web-0', 'web-1'])
  const answer = await lookUp(page, terminals, '-it --image busybox:1.28 dns-test --restart=Never --rm', ['web-0.nginx.julin', 'web-1.nginx.julin'])
  assert.match(answer, /Server: {4}10\.96\.0\.10\nAddress 1: 10\.96\.0\.10 kube-dns\.kube-system\.svc\.cluster\.local/)
  assert.match(answer, /Name: {6}web-0\.nginx\.julin\nAddress 1: 10\.244\.\d+\.\d+ web-0\.nginx\.julin\.svc\.cluster\.local/)
  assert.deepEqual(addresses(answer).map(([name]) => name), ['web-0', 'web-1'])
  const bound = columns(await run('kubectl get pvc -l app=nginx -n julin'), 2)
  assert.deepEqual(bound, ['NAME STATUS', 'www-web-0 Bound', 'www-web-1 Bound'])
  const volumes = (await run('kubectl get pv')).slice(1).map(row => row.split('  '))
  assert.deepEqual(volumes.map(row => row[5]).sort(), ['julin/www-web-0', 'julin/www-web-1'])

  await says(
    `for i in 0 1; do kubectl exec "web-$i" -n julin -- sh -c 'echo "$(hostname)" > /usr/share/nginx/html/index.html'; done`,
    [],
  )
  const served = 'for i in 0 1; do kubectl exec -it "web-$i" -n julin -- curl http://localhost/; done'
  await says(served, ['web-0', 'web-1'])
  await says('kubectl delete pod -l app=nginx -n julin', [
    'pod "web-0" deleted from julin namespace',
    'pod "web-1" deleted from julin namespace',
  ])
  await says(served, ['web-0', 'web-1'])

  assertRows(
    await watched(() => says('kubectl scale sts web --replicas=5 -n julin', ['statefulset.apps/web scaled'])),
    'web-2 0/1 Pending',
    'web-2 1/1 Running',
    'web-3 0/1 Pending',
    'web-3 1/1 Running',
    'web-4 0/1 Pending',
    'web-4 1/1 Running',
  )
  const down = await watched(() =>
    says(`kubectl patch sts web -p '{"spec":{"replicas":3}}' -n julin`, ['statefulset.apps/web patched']),
  )
  assertRows(down, 'web-4 1/1 Running', 'web-4 1/1 Terminating', 'web-3 1/1 Terminating')
  assert.deepEqual(faults, [])
  await page.context().close()
})
