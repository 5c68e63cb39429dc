/** Where HTTP writes its log: pino and the like. Facts are named as the Elastic Common Schema names them. */
export interface HttpLog {
  info(facts: object, message: string): void;
  error(facts: object, message: string): void;
}
