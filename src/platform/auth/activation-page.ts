import { createHash } from 'node:crypto'
import type { Routes } from '../http/index.ts'
import { say, text, type Language } from '../../shared/text.ts'
import { longest, shortest } from './password-rules.ts'

// One page without anything from elsewhere: a one-time link must lead somewhere before there is a web front end. The token
// stands after the #, so that no server, proxy or log ever sees it.

const words = {
  title: text('Choisir un mot de passe', 'Choose a password'),
  advice: text(
    `De ${shortest} à ${longest} caractères. Une phrase que vous seul connaissez convient mieux qu’un mot compliqué.`,
    `${shortest} to ${longest} characters. A sentence that only you know is better than a complicated word.`,
  ),
  password: text('Mot de passe', 'Password'),
  again: text('Encore une fois', 'Once more'),
  show: text('Montrer', 'Show'),
  save: text('Enregistrer', 'Save'),
  differ: text('Les deux saisies diffèrent.', 'The two entries differ.'),
  done: text(
    'Votre mot de passe est enregistré : vous pouvez vous connecter.',
    'Your password is stored: you can log in.',
  ),
  unreachable: text('Le serveur ne répond pas : réessayez.', 'The server does not answer: try again.'),
}

const style = `body{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}
label{display:block;margin:1rem 0}input:not([type=checkbox]){display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}
button{font:inherit;padding:.5rem 1.5rem}`

const script = `const form=document.querySelector('form'),out=document.querySelector('output')
const [first,second]=form.querySelectorAll('input[type=password]')
form.querySelector('input[type=checkbox]').onchange=(event)=>{for(const input of [first,second])input.type=event.target.checked?'text':'password'}
form.onsubmit=async(event)=>{
event.preventDefault();out.textContent=''
if(first.value!==second.value){out.textContent=form.dataset.differ;return}
try{
const answer=await fetch('/api/v1/auth/activate',{method:'POST',headers:{'content-type':'application/json','accept-language':document.documentElement.lang},
body:JSON.stringify({token:location.hash.slice(1),password:first.value})})
if(answer.ok){form.hidden=true;history.replaceState(null,'',location.pathname);out.textContent=form.dataset.done;return}
const problem=await answer.json();out.textContent=problem.errors?.[0]?.message??problem.detail
}catch{out.textContent=form.dataset.unreachable}
}`

const sha256 = (source: string): string => `'sha256-${createHash('sha256').update(source).digest('base64')}'`
const policy = `default-src 'none'; script-src ${sha256(script)}; style-src ${sha256(style)}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function page(language: Language): string {
  const t = (key: keyof typeof words): string => say(words[key], language)
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>SIS – ${t('title')}</title><style>${style}</style></head><body><h1>${t('title')}</h1>
<form data-differ="${t('differ')}" data-done="${t('done')}" data-unreachable="${t('unreachable')}"><p>${t('advice')}</p>
<label>${t('password')}<input type="password" autocomplete="new-password" required maxlength="${2 * longest}"></label>
<label>${t('again')}<input type="password" autocomplete="new-password" required maxlength="${2 * longest}"></label>
<label><input type="checkbox"> ${t('show')}</label><button>${t('save')}</button></form><output role="alert"></output>
<script>${script}</script></body></html>`
}

/** Where the one-time links lead: GET /activation#token. */
export const activationPage: Routes = async (app) => {
  app.get('/activation', { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
    void reply
      .header('content-security-policy', policy)
      .header('cache-control', 'no-store')
      .header('referrer-policy', 'no-referrer')
    return reply.type('text/html; charset=utf-8').send(page(request.language))
  })
}
