package io.weir.cassandra.session;

import com.datastax.oss.driver.api.core.metadata.EndPoint;
import com.datastax.oss.driver.api.core.ssl.SslEngineFactory;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * Expects the same name in the certificate of every node. The driver's own factory expects the
 * address at which it found a peer, and a certificate cannot list the addresses of pods.
 */
final class NamedSslEngineFactory implements SslEngineFactory {
  private final SSLContext context;
  private final String serverName;
  private final boolean verify;

  /**
   * @param serverName null for the address of each node
   */
  NamedSslEngineFactory(SSLContext context, String serverName, boolean verify) {
    this.context = context;
    this.serverName = serverName;
    this.verify = verify;
  }

  @Override
  public SSLEngine newSslEngine(EndPoint node) {
    InetSocketAddress address = (InetSocketAddress) node.resolve();
    // Never the name that a reverse look-up of the address gives: whoever answers it could choose.
    String name = serverName == null ? address.getHostString() : serverName;
    SSLEngine engine = context.createSSLEngine(name, address.getPort());
    engine.setUseClientMode(true);
    if (verify) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      engine.setSSLParameters(parameters);
    }
    return engine;
  }

  @Override
  public void close() {}
}
