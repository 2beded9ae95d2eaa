// npm run docs: the API documentation in build/api. Fails when a public symbol has no doc comment or a link leads nowhere.
import { ensureDependencies } from './helpers/ensure.mjs';
import { node, step } from './helpers/process.mjs';

ensureDependencies();
step('writing the API documentation to build/api (typedoc)');
process.exit(node(['node_modules/typedoc/bin/typedoc']));
