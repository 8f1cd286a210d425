/**
 * Told wherever a fault takes hold: the message that is lost, the switch that is read as it lies. It may be told again and
 * again.
 */
export type Felt = () => void;
