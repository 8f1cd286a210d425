/** A simulated instrument on a TCP port: one connection at a time, a second is turned away. */
import { createServer, type Server, type Socket } from "node:net";
import { Fault } from "../../protocols/base/fault.ts";
import type { BenchListener, DeviceConnection, DevicePort } from "./listener.ts";

/** An instrument does not keep more than this for a peer that takes nothing; it breaks the connection. */
const UNSENT_MAX = 1024 * 1024;

export interface TcpPlace {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export function createTcpListener(place: TcpPlace, port: DevicePort): BenchListener {
  let current: Socket | undefined;

  function accept(socket: Socket): void {
    socket.on("error", () => undefined);
    if (current !== undefined) {
      socket.resetAndDestroy();
      return;
    }
    current = socket;
    socket.setNoDelay(true);
    const connection: DeviceConnection = {
      send(chunk) {
        if (socket.writableLength + chunk.length > UNSENT_MAX) socket.destroy();
        else socket.write(chunk);
      },
      hangUp() {
        socket.end();
      },
    };
    socket.on("data", (chunk: Uint8Array) => {
      port.data(connection, chunk);
    });
    // Half a connection is none for these dialects.
    socket.on("end", () => {
      socket.destroy();
    });
    socket.on("close", () => {
      if (current === socket) current = undefined;
      port.closed(connection);
    });
    port.opened(connection);
  }

  const server = createListeningServer(place, accept);
  return {
    get where() {
      return server.where;
    },
    plug: () => server.open(),
    unplug: () => server.shut(),
    close: () => server.shut(),
  };
}

export interface ListeningServer {
  readonly where: string;
  open(): Promise<void>;
  /** Stops listening and breaks what is open. */
  shut(): Promise<void>;
}

/** A port that can be closed and opened again under the same number. Rejects with Fault `bench.listen`. */
export function createListeningServer(place: TcpPlace, accept: (socket: Socket) => void): ListeningServer {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let portNumber = place.port;

  const text = (): string => `${place.host.includes(":") ? `[${place.host}]` : place.host}:${portNumber}`;

  function open(): Promise<void> {
    if (server !== undefined) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const opening = createServer({ allowHalfOpen: false }, (socket) => {
        sockets.add(socket);
        socket.on("close", () => {
          sockets.delete(socket);
        });
        accept(socket);
      });
      opening.once("error", (error) => {
        reject(new Fault("bench.listen", text(), reasonOf(error), {}, error));
      });
      opening.listen(portNumber, place.host, () => {
        server = opening;
        const address = opening.address();
        if (typeof address === "object" && address !== null) portNumber = address.port;
        resolve();
      });
    });
  }

  return {
    get where() {
      return text();
    },
    open,
    shut() {
      const closing = server;
      server = undefined;
      for (const socket of sockets) socket.resetAndDestroy();
      if (closing === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        closing.close(() => {
          resolve();
        });
      });
    },
  };
}

function reasonOf(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return "another program listens there";
  if (code === "EACCES") return "this user may not listen there; ports below 1024 belong to the system";
  return error.message;
}
