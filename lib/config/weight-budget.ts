// How many weights the model of a file may have: a few bytes of config can ask for more memory than there is.
import { budgetOf } from '../base/budget.js';
import { context, withContext } from '../core/context.js';

/** @internal Runs `fn`, whose layers may make the weights that a file of so many bytes can have. */
export const withWeightBudget = <T>(fileBytes: number, fn: () => T): T =>
  withContext({ weightBudget: { left: budgetOf(fileBytes) } }, fn);

/** @internal Notes a weight of a layer. @throws when the file that is being loaded cannot have so many. */
export function spendWeight(where: string, bytes: number): void {
  const { weightBudget: budget } = context();
  if (budget === null) return;
  budget.left -= bytes;
  if (budget.left < 0)
    throw new RangeError(
      `${where}: the file that is being loaded is much too small for a weight of ${bytes} bytes; if you trust it, give safeMode: false`,
    );
}
