package io.weir.flink.cassandra;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A TCP proxy for Cassandra. Its connections can be cut, and are then refused until it is restored.
 */
final class CuttableProxy implements AutoCloseable {
  private final InetSocketAddress target;
  private final ServerSocket server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean isCut;

  CuttableProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::acceptAll);
  }

  String contactPoint() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  void cut() {
    isCut = true;
    sockets.forEach(CuttableProxy::closeQuietly);
  }

  void mend() {
    isCut = false;
  }

  @Override
  public void close() throws IOException {
    server.close();
    cut();
  }

  private void acceptAll() {
    try {
      while (true) {
        Socket client = server.accept();
        sockets.add(client);
        if (isCut) {
          closeQuietly(client);
          continue;
        }
        Socket upstream = new Socket(target.getAddress(), target.getPort());
        sockets.add(upstream);
        start(() -> relay(client, upstream));
        start(() -> relay(upstream, client));
      }
    } catch (IOException e) {
      // The proxy was closed.
    }
  }

  private void relay(Socket from, Socket to) {
    try (InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream()) {
      in.transferTo(out);
    } catch (IOException e) {
      // Cut, or closed by one side.
    } finally {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "cuttable-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Already closed.
    }
  }
}
