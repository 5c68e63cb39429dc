import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Schema } from "../schema.ts";
import type { Connection } from "./connection.ts";

type Execute = Connection["execute"];

/** Kysely on one connection whose transactions somebody else begins and ends. */
export function kyselyOn(execute: Execute): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: dialectOn(execute) });
}

function dialectOn(execute: Execute): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createDriver: () => driverOn(execute),
  };
}

function driverOn(execute: Execute): Driver {
  const notOurs = async (): Promise<never> => {
    throw new Error("transactions are begun by Database.write; an act only runs statements");
  };
  const one: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes, rowId } = execute(sql, parameters.map(asSqlite));
      return {
        rows: rows as R[],
        ...(changes === undefined ? {} : { numAffectedRows: changes }),
        ...(rowId === undefined ? {} : { insertId: rowId }),
      };
    },
    streamQuery: () => {
      throw new Error("not streamed: page by key instead");
    },
  };
  return {
    init: async () => {},
    acquireConnection: async () => one,
    beginTransaction: notOurs,
    commitTransaction: notOurs,
    rollbackTransaction: notOurs,
    releaseConnection: async () => {},
    destroy: async () => {},
  };
}

function asSqlite(value: unknown): unknown {
  if (value === undefined) throw new TypeError("a parameter is undefined; use null");
  return typeof value === "boolean" ? Number(value) : value;
}
