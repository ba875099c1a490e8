// How Temporal is reached, as the environment says.
import { readFileSync } from 'node:fs';

/** TLS without more names the server and trusts what Node trusts. */
type Tls = { serverRootCACertificate?: Buffer; clientCertPair?: { crt: Buffer; key: Buffer }; serverNameOverride?: string };

/** What connections of workers and of clients both take. */
export type Reach = { address: string; apiKey?: string; tls?: true | Tls };

/** The namespace of all that this project starts and performs. */
export const namespace = process.env['TEMPORAL_NAMESPACE'] ?? 'default';

export function reach(): Reach {
  const address = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
  const apiKey = given('TEMPORAL_API_KEY');
  const tls = secured();
  if (apiKey !== undefined) return { address, apiKey, tls: tls ?? true };
  return tls === undefined ? { address } : { address, tls };
}

function secured(): true | Tls | undefined {
  const tls: Tls = {};
  const [ca, crt, key] = [file('TEMPORAL_TLS_CA'), file('TEMPORAL_TLS_CERT'), file('TEMPORAL_TLS_KEY')];
  const name = given('TEMPORAL_TLS_SERVER_NAME');
  if (ca !== undefined) tls.serverRootCACertificate = ca;
  if (crt !== undefined && key !== undefined) tls.clientCertPair = { crt, key };
  if ((crt === undefined) !== (key === undefined)) {
    throw new Error('TEMPORAL_TLS_CERT and TEMPORAL_TLS_KEY go together: the certificate and its key');
  }
  if (name !== undefined) tls.serverNameOverride = name;
  if (Object.keys(tls).length > 0) return tls;
  return given('TEMPORAL_TLS') === 'true' ? true : undefined;
}

function given(variable: string): string | undefined {
  const text = process.env[variable];
  return text === '' ? undefined : text;
}

/** The content of the file that a variable names. */
function file(variable: string): Buffer | undefined {
  const path = given(variable);
  return path === undefined ? undefined : readFileSync(path);
}
