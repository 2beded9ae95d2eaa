// How the library talks: progress on standard output or in the debug log, and how much of a stack errors show.
import { debuglog } from 'node:util';
import { settings } from '../base/settings.js';

const debug = debuglog('keratin');

/** Lets progress bars, summaries and messages be written to standard output, as at the start. */
export function enableInteractiveLogging(): void {
  settings.interactiveLogging = true;
}
/**
 * Sends progress bars, summaries and messages to Node's debug log instead of standard output: seen with the environment variable
 * `NODE_DEBUG=keratin`.
 */
export function disableInteractiveLogging(): void {
  settings.interactiveLogging = false;
}
/** Whether progress bars, summaries and messages are written to standard output. */
export const isInteractiveLoggingEnabled = (): boolean => settings.interactiveLogging;

/** @internal Writes a message where messages go. */
export function printMessage(text: string): void {
  if (settings.interactiveLogging) process.stdout.write(text);
  else debug('%s', text.replace(/\n$/, ''));
}

let limit: number | null = null;
/** Lets errors show the nearest calls only, as at the start. */
export function enableTracebackFiltering(): void {
  if (limit === null) return;
  Error.stackTraceLimit = limit;
  limit = null;
}
/** Lets errors show all calls, those inside of the library too. */
export function disableTracebackFiltering(): void {
  limit ??= Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
}
/** Whether errors show the nearest calls only. */
export const isTracebackFilteringEnabled = (): boolean => limit === null;
