// The page's own words in a language, read from where they are written (src/i18n).
import { readFileSync } from 'node:fs'

const source = file => readFileSync(new URL(`../../src/i18n/${file}`, import.meta.url), 'utf8')
const shared = name => source('share.rs').split(`static ${name}:`)[1].split('};')[0]
const SOURCES = { en: [shared('ENGLISH'), source('en.rs')], 'zh-CN': [shared('CHINESE'), source('zh_cn.rs')] }

/// The words by their names in src/i18n.
export function words(language) {
  const entries = SOURCES[language].flatMap(text => [...text.matchAll(/^ {4}(\w+): ("(?:[^"\\]|\\.)*"),$/gm)])
  return Object.fromEntries(entries.map(([, name, text]) => [name, JSON.parse(text)]))
}
