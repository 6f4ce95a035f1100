import { Component, type ComponentChildren } from 'preact';

/** What a part of the page cannot show leaves the rest of it as it is. */
export class Boundary extends Component<{ children: ComponentChildren }, { problem?: string }> {
  override componentDidCatch(error: unknown): void {
    this.setState({ problem: String(error) });
  }

  override render() {
    const { problem } = this.state;
    return problem === undefined ? this.props.children : <p class="problem">This cannot be shown: {problem}</p>;
  }
}
