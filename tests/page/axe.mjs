// What axe-core finds in a page.
import { readFileSync } from 'node:fs'

const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/// What is seriously wrong, by rule and element.
export async function graveFindings(page) {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const grave = violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
  return grave.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`))
}
