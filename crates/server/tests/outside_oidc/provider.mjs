// An identity provider for the tests: npm `oidc-provider`, with people who sign in at once, and with doors through
// which a test changes who they are, rotates the keys, and has the next identity token say something untrue.
import http from 'node:http'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { Provider } from 'oidc-provider'
import { SignJWT, decodeJwt, importJWK } from 'jose'

const callback = process.argv[2]
const state = { key: null, person: null, untrue: null, asked: {} }
let provider

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' }
}

function make(issuer) {
  state.key = newKey()
  const made = new Provider(issuer, {
    clients: [
      { client_id: 'weir', client_secret: 'the client secret & more', redirect_uris: [callback] },
      { client_id: 'weir-public', token_endpoint_auth_method: 'none', redirect_uris: [callback.replace('/company/', '/public/')] },
    ],
    jwks: { keys: [state.key] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...state.person?.claims }) }),
  })
  made.use(async (ctx, next) => {
    if (ctx.path.endsWith('/auth')) state.asked = { ...ctx.query }
    if (ctx.path.startsWith('/interaction/')) return interact(made, ctx)
    await next()
    if (ctx.path === '/token' && ctx.body?.id_token && state.untrue) {
      ctx.body.id_token = await resign(ctx.body.id_token, state.untrue)
      state.untrue = null
    }
  })
  return made
}

/** Nobody types anything: the person is who the test said. */
async function interact(made, ctx) {
  const details = await made.interactionDetails(ctx.req, ctx.res)
  if (!state.person) {
    ctx.redirect(await made.interactionResult(ctx.req, ctx.res, { error: 'access_denied', error_description: 'the person said no' }))
    return
  }
  const grant = new made.Grant({ accountId: state.person.sub, clientId: details.params.client_id })
  grant.addOIDCScope(details.params.scope)
  const result = { login: { accountId: state.person.sub }, consent: { grantId: await grant.save() } }
  ctx.redirect(await made.interactionResult(ctx.req, ctx.res, result))
}

/** The same token with other claims, another header or another key: as a liar would sign it. */
async function resign(token, { claims = {}, header = {}, stranger = false, secret }) {
  const said = { ...decodeJwt(token), ...claims }
  const alg = header.alg ?? 'RS256'
  if (alg === 'none') {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `${part({ alg })}.${part(said)}.`
  }
  const key = secret
    ? Buffer.from(secret === 'public key' ? JSON.stringify(publicKey()) : secret)
    : await importJWK(stranger ? newKey() : state.key, alg)
  return new SignJWT(said).setProtectedHeader({ alg, kid: state.key.kid, ...header }).sign(key)
}

function publicKey() {
  const { kty, n, e } = state.key
  return { kty, n, e }
}

async function door(request, response) {
  let text = ''
  for await (const part of request) text += part
  const given = text ? JSON.parse(text) : {}
  const issuer = `http://127.0.0.1:${server.address().port}`
  if (request.url === '/test/person') state.person = given.sub ? given : null
  if (request.url === '/test/untrue') state.untrue = given
  if (request.url === '/test/rotate') provider = make(given.issuer ?? issuer)
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(state.asked))
}

const server = http.createServer((request, response) => {
  if (request.url.startsWith('/test/')) return door(request, response)
  return provider.callback()(request, response)
})

server.listen(0, '127.0.0.1', () => {
  provider = make(`http://127.0.0.1:${server.address().port}`)
  console.log(`listening ${server.address().port}`)
})

// Whoever started this holds the other end; when it goes, so does this.
process.stdin.on('end', () => process.exit(0)).resume()
// Nobody reads on after the first line.
process.stdout.on('error', () => {})
