/** The server as a program sees it, signed in as the owner: to prepare what a test looks at. */
export class Client {
  private constructor(
    private readonly url: string,
    readonly cookie: string,
    private readonly csrf: string,
  ) {}

  static async signIn(url: string, email: string, password: string): Promise<Client> {
    const answer = await fetch(`${url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (!answer.ok) throw new Error(`cannot sign in: ${answer.status} ${await answer.text()}`);
    const cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { csrf } = (await answer.json()) as { csrf: string };
    return new Client(url, cookie, csrf);
  }

  async send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        cookie: this.cookie,
        "x-csrf-token": this.csrf,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  get = <T>(path: string): Promise<T> => this.send<T>("GET", path);
  post = <T>(path: string, body?: unknown): Promise<T> => this.send<T>("POST", path, body ?? {});
}
