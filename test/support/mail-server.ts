/** A mail server of other people's making on this machine, which keeps what it is sent. */
import { readFileSync } from "node:fs";
import { SMTPServer } from "smtp-server";

export const AUTHORITY_FILE = "test/fixtures/bus/authority.pem";
export const SERVER_CERTIFICATE = readFileSync("test/fixtures/bus/server-certificate.pem", "utf8");
export const SERVER_KEY = readFileSync("test/fixtures/bus/server-key.pem", "utf8");

export interface KeptMail {
  readonly to: readonly string[];
  readonly text: string;
  readonly wasEncrypted: boolean;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly KeptMail[];
  close(): Promise<void>;
}

/** `certificate`: `[certificate, key]`, both PEM. Users: rack with the password `correct horse`. */
export async function startMailServer(certificate: readonly [string, string]): Promise<MailServer> {
  const mails: KeptMail[] = [];
  const server = new SMTPServer({
    cert: certificate[0],
    key: certificate[1],
    authOptional: false,
    disableReverseLookup: true,
    onAuth({ username, password }, _session, done) {
      if (username === "rack" && password === "correct horse") done(null, { user: username });
      else done(new Error(`no user ${String(username)} with the password ${String(password)}`));
    },
    onRcptTo({ address }, _session, done) {
      if (address.startsWith("nobody@")) done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
      else done();
    },
    onData(stream, session, done) {
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("end", () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, text, wasEncrypted: session.secure });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    mails,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
