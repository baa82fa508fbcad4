// The same as an ES module.
import './inside.cjs'
