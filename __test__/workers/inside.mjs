// The same as an ES module.
// oxlint-disable-next-line import/no-unassigned-import -- which runs it
import './inside.cjs'
