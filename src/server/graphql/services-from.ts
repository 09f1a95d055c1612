import type { CallerTenant } from '../../resolvers/caller-tenant.ts'
import type { ConfiguredService, ConfiguredServices } from '../../resolvers/configured-services.ts'

/** The configured services. Each operation says from which network its tokens come. */
export interface ServicesOfNetworks extends ConfiguredServices {
  tenant(name: string, token: string | null, network?: string): CallerTenant
}

/** The configured services as one operation finds them, whose tokens all come from its client's address. */
export class ServicesFrom implements ConfiguredServices {
  readonly #services: ServicesOfNetworks
  readonly #address: string

  constructor(services: ServicesOfNetworks, address: string) {
    this.#services = services
    this.#address = address
  }

  get services(): readonly ConfiguredService[] {
    return this.#services.services
  }

  get defaultName(): string {
    return this.#services.defaultName
  }

  get(name: string): ConfiguredService {
    return this.#services.get(name)
  }

  tenant(name: string, token: string | null): CallerTenant {
    return this.#services.tenant(name, token, this.#address)
  }
}
