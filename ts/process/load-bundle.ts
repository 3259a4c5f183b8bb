// Loads what each child needs, from the bundle; what is imported after this is there already.
import { bundled } from './bundle.js';

bundled('process/child-main.js');
