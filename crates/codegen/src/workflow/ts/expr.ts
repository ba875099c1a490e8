// What the expressions of a flow are written with: the same results and the same errors as in Weir.
export { invoke } from './globals';
export { call, each, items } from './methods';
export { chain, member, memberAt, name, read, readAt, vars } from './names';
export {
  add,
  and,
  divide,
  either,
  entry,
  equal,
  filled,
  greater,
  greaterOrEqual,
  kindOf,
  less,
  lessOrEqual,
  members,
  multiply,
  negate,
  not,
  object,
  optional,
  or,
  otherwise,
  plus,
  power,
  remainder,
  spread,
  subtract,
  template,
  truthy,
  unequal,
  within,
} from './operators';
export { json } from './value';
